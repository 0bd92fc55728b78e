/**
 * Runs what makes style elements, and gives what is written into them to constructed style sheets: those are what the content security policy of the
 * page allows. @returns What removes the sheets again.
 */
export function withConstructedStyles(run: () => void): () => void {
  const sheets: CSSStyleSheet[] = []
  const make = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const isStyle = name.toLowerCase() === 'style'
    // An element that shows nothing stands in for it: even an empty style element is against the policy.
    const element = make(isStyle ? 'template' : name, options)
    if (isStyle) {
      const sheet = new CSSStyleSheet()
      sheets.push(sheet)
      document.adoptedStyleSheets.push(sheet)
      let text = ''
      Object.defineProperty(element, 'textContent', {
        get: () => text,
        set: (value: string) => {
          text = value
          sheet.replaceSync(value)
        },
      })
    }
    return element
  }) as typeof document.createElement
  try {
    run()
  } finally {
    document.createElement = make
  }
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter(sheet => !sheets.includes(sheet))
  }
}
