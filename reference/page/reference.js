// Shows the document beside which the page is mounted. Requests that are tried out
// go to this service only; a token that is entered is kept while the page is open.
const root = document.getElementById('reference');

// Swagger UI has lists to choose from and buttons without a name, examples that
// only a mouse can scroll, and in the button that opens an operation a link, at
// which keyboards would stop a second time.
const names = { servers: 'Server', 'examples-select-element': 'Example' };
new MutationObserver(() => {
  for (const select of root.querySelectorAll('select:not([aria-label])')) {
    select.setAttribute('aria-label', names[select.id] ?? names[select.className] ?? 'Value');
  }
  for (const button of root.querySelectorAll('.copy-to-clipboard button:not([aria-label])')) {
    button.setAttribute('aria-label', 'Copy');
  }
  for (const example of root.querySelectorAll('pre.microlight:not([tabindex])')) example.tabIndex = 0;
  for (const link of root.querySelectorAll('.opblock-summary-control a[href]')) link.removeAttribute('href');
}).observe(root, { childList: true, subtree: true });

window.SwaggerUIBundle({
  url: root.dataset.document,
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null, // or somebody else would be asked what they think of the document
});
