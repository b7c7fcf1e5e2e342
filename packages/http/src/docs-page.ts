import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Express } from 'express';
import helmet from 'helmet';

const { resolve } = createRequire(import.meta.url);

const page = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

// The page sets style attributes and shows its icons as data; it needs nothing from elsewhere.
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** `/openapi.json`, and at `/docs` a reference page whose every part comes from here. */
export function mountDocs(app: Express, title: string, document: object): void {
  const text = JSON.stringify(document);
  const assets = dirname(resolve('swagger-ui-dist/swagger-ui.css'));
  app.get('/openapi.json', (_req, res) => void res.type('json').send(text));
  app.use('/docs', helmet({ contentSecurityPolicy }));
  app.get('/docs', (_req, res) => void res.type('html').send(page(title)));
  app.get('/docs/start.js', (_req, res) => void res.type('js').send(START));
  for (const file of FILES) {
    app.get(`/docs/${file}`, (_req, res) => res.sendFile(file, { root: assets, maxAge: '1h' }));
  }
}
