/** What of the relay's configuration may be changed while it runs, over what it was started with. */
import type { ConfigVersion } from '../../config/log.js'
import { Card, Page } from '../parts/page.js'
import { Loaded } from '../parts/states.js'
import { mapped, useResource } from '../resource.js'
import { type Version, Versions } from './versions.js'

const path = '/v1/admin/config'

interface Config {
  readonly version: number
  readonly config: unknown
  readonly changed: unknown
}

const textOf = (value: unknown): string => JSON.stringify(value, null, 2)

const versionOf = ({ changed, ...rest }: ConfigVersion): Version => ({ ...rest, text: textOf(changed) })

export function ConfigurationPage() {
  const config = useResource<Config>(path)
  const history = useResource<{ readonly items: readonly ConfigVersion[] }>(`${path}/versions`)
  const inForce = mapped(config, ({ version, changed }): Version => ({ version, text: textOf(changed), at: 0, actor: '' }))
  return (
    <Page
      title="Configuration"
      about="What is changed here holds at once, over the relay's file. Without a change, the file alone holds."
    >
      <Versions
        title="Changes"
        none="nothing is changed"
        inForce={inForce}
        history={mapped(history, ({ items }) => items.map(versionOf))}
        path={path}
        dry="dry_run"
        rollbackTo={`${path}/rollback`}
        writes
      />
      <Card title="All that is in force" aside={<span class="muted">without secrets</span>}>
        <Loaded resource={config}>
          {(value) => (
            <div class="scroll">
              <pre class="pad">{textOf(value.config)}</pre>
            </div>
          )}
        </Loaded>
      </Card>
    </Page>
  )
}
