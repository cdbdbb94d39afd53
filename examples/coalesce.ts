import { LeashLLM } from 'leashllm'

let requests = 0
const client = new LeashLLM({
  coalesce: true,
  fetch: (url, init) => {
    requests++
    return fetch(url, init)
  },
})

// Ten users open the same page at the same time. One call goes to the vendor, and each of them gets its answer.
const answers = await Promise.all(
  Array.from({ length: 10 }, () =>
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Sum up today’s news.' }] }),
  ),
)

console.log(answers[9]?.choices[0]?.message.content)
console.log(`${answers.length} answers, ${answers.filter(({ leash }) => leash?.coalesced).length} of them shared`)
console.log(`${requests} request to the vendor`)
