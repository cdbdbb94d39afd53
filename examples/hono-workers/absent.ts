/** Stands in for optional packages that this Worker does not use, because a bundler asks for all of them: see `alias` in wrangler.json. */
throw new Error('Install this package, and take it out of `alias` in wrangler.json.')
