/** Does it again and again. It keeps no process alive. @returns a function that ends it */
export function every(ms: number, action: () => unknown): () => void {
  const timer = setInterval(action, ms)
  // Only where a timer keeps the process alive is it more than a number.
  if (typeof timer === 'object') timer.unref()
  return () => clearInterval(timer)
}
