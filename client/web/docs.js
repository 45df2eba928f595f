// Shows openapi.json. Text goes into the page as text only, so that nothing in the document can become markup.

const element = (name, properties = {}, children = []) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const json = (value) => element('pre', { textContent: JSON.stringify(value, null, 2) });

const parts = (operation) => [
  ['Parameters', operation.parameters],
  ['Body', operation.requestBody?.content],
];

const answersOf = (operation) =>
  Object.entries(operation.responses ?? {}).map(([status, { description, content = {} }]) =>
    element('li', {}, [
      element('strong', { textContent: status }),
      ` ${description ?? ''} `,
      element('code', { textContent: Object.keys(content).join(', ') }),
    ]),
  );

const route = (path, method, operation) => {
  const summary = element('summary', {}, [
    element('span', { className: 'method', textContent: method.toUpperCase() }),
    element('code', { textContent: path }),
    ` ${operation.summary ?? ''}`,
  ]);
  const shown = parts(operation).flatMap(([title, value]) =>
    value === undefined ? [] : [element('h3', { textContent: title }), json(value)],
  );
  return element('details', {}, [
    summary,
    ...shown,
    element('h3', { textContent: 'Answers' }),
    element('ul', {}, answersOf(operation)),
  ]);
};

const show = async () => {
  const place = document.querySelector('#routes');
  try {
    const { paths } = await (await fetch('/openapi.json')).json();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => route(path, method, operation)),
    );
    place.replaceChildren(...routes);
  } catch (error) {
    place.textContent = `The document cannot be loaded: ${error.message}`;
  }
};

await show();
