/** The page's own elements, by id: the template has them all. */
export function elementOf(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`no element #${id}`)
  return element
}

/** Sets a text only where it changes, so that selections stay and screen readers aren't told twice. */
export function setText(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text
}

/** Shows one of the template's icons. */
export function setIcon(parent: Element, name: string): void {
  parent.querySelector('use')?.setAttribute('href', `#icon-${name}`)
}
