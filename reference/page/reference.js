// Shows the document beside which the page is mounted. Requests that are tried out
// go to this service only; a token that is entered is kept while the page is open.
window.SwaggerUIBundle({
  url: document.getElementById('reference').dataset.document,
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null, // or somebody else would be asked what they think of the document
});
