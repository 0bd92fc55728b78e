/**
 * Loads the page, and loads it again when a part of it does not arrive. Browsers give up on what they load when the network of their machine changes, as it
 * does with each container that starts there; of a page that is in many files one would be missing, and nothing would be shown, for good.
 */
const TRIES = 'tries'
const tries = Number(sessionStorage.getItem(TRIES) ?? 0)

function again(why: unknown): void {
  console.info('the page did not arrive:', why)
  sessionStorage.setItem(TRIES, String(tries + 1))
  const text = document.createElement('p')
  text.textContent = 'The page did not arrive whole. It is loaded again…'
  document.body.append(text)
  setTimeout(() => location.reload(), Math.min(250 * 2 ** tries, 15_000))
}

if (document.querySelector<HTMLLinkElement>('link[rel=stylesheet]')?.sheet) {
  import('./main.tsx').then(() => sessionStorage.removeItem(TRIES), again)
} else {
  again('it has no style sheet')
}
