/** @type {import('next').NextConfig} */
export default {
  // Node loads it as it is, and so looks for an optional package only when a call needs it.
  serverExternalPackages: ['leashllm'],
  // The page is that of ../chat, which another example shows over Express.
  experimental: { externalDir: true },
}
