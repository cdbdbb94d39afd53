/** The list with each of its items edited; the very same list where none of them changed. */
export function editedList<T>(list: T[], edit: (item: T, index: number) => T): T[] {
  let copy: T[] | undefined
  for (const [index, item] of list.entries()) {
    const edited = edit(item, index)
    if (edited !== item) (copy ??= [...list])[index] = edited
  }
  return copy ?? list
}
