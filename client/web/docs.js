// Shows openapi.json. Text goes into the page as text only, so that nothing in the document can become markup.

const element = (name, properties = {}, children = []) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const code = (text) => element('code', { textContent: text });

const table = (titles, rows) => {
  const cells = (name, values) => values.map((value) => element(name, {}, [value].flat()));
  const head = element('thead', {}, [element('tr', {}, cells('th', titles))]);
  const body = rows.map((row) => element('tr', {}, cells('td', row)));
  return element('div', { className: 'wide' }, [element('table', {}, [head, element('tbody', {}, body)])]);
};

const section = (title, ...content) => [element('h3', { textContent: title }), ...content];

const nameOf = ({ $ref }) => $ref.split('/').at(-1);

// A schema as people read it: { id: string, dry_run?: boolean }.
const shape = (schema, indent = '') => {
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map((one) => shape(one, indent)).join(' | ');
  if (schema.enum) return choices(schema.enum, indent);
  const types = [schema.type ?? 'anything'].flat();
  return types.map((type) => shapeOfType(type, schema, indent)).join(' | ');
};

const choices = (values, indent) => {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length > 6 ? texts.join(`\n${indent}  | `) : texts.join(' | ');
};

const shapeOfType = (type, schema, indent) => {
  if (type === 'array') return `[${shape(schema.items ?? {}, indent)}, …]`;
  if (type === 'object') return shapeOfObject(schema, indent);
  return schema.format && schema.format !== 'binary' ? `${type} (${schema.format})` : type;
};

const shapeOfObject = ({ properties = {}, required = [], additionalProperties: others }, indent) => {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, schema]) => {
    const said = schema.description ? `${inner}// ${schema.description}\n` : '';
    return `${said}${inner}${name}${required.includes(name) ? '' : '?'}: ${shape(schema, inner)}`;
  });
  if (others) lines.push(`${inner}…: ${shape(others, inner)}`);
  return `{\n${lines.join('\n')}\n${indent}}`;
};

const parameters = ({ parameters: found = [] }) =>
  found.length === 0
    ? []
    : section(
        'Parameters',
        table(
          ['Name', 'In', 'Meaning'],
          found.map(({ name, in: place, required, description = '' }) => [
            code(name),
            place,
            required ? description : `${description} (optional)`,
          ]),
        ),
      );

const body = ({ requestBody }) =>
  Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema, example }]) =>
    section(
      'Body',
      element('p', {}, [code(type)]),
      element('pre', { textContent: shape(schema) }),
      ...(example === undefined ? [] : [element('pre', { textContent: JSON.stringify(example, null, 2) })]),
    ),
  );

// Names of shapes lead to them; other shapes of answers are small.
const contentOf = ({ content = {} }) =>
  Object.entries(content).flatMap(([type, { schema }], at) => [
    ...(at === 0 ? [] : [element('br')]),
    code(type),
    ' ',
    schema?.$ref
      ? element('a', { href: `#${nameOf(schema)}`, textContent: nameOf(schema) })
      : schema?.properties
        ? code(shape(schema).replace(/\s+/g, ' '))
        : '',
  ]);

const answers = ({ responses = {} }) =>
  section(
    'Answers',
    table(
      ['Status', 'Meaning', 'Content', 'Headers'],
      Object.entries(responses).map(([status, answer]) => [
        element('strong', { textContent: status }),
        (answer.description ?? '')
          .split(' · ')
          .flatMap((text, at) => (at === 0 ? [text] : [element('br'), text])),
        contentOf(answer),
        Object.keys(answer.headers ?? {}).join(', '),
      ]),
    ),
  );

const route = (path, method, operation) => {
  const summary = element('summary', {}, [
    element('span', { className: `method ${method}`, textContent: method.toUpperCase() }),
    code(path),
    element('span', { className: 'what', textContent: operation.summary ?? '' }),
  ]);
  const parts = [...parameters(operation), ...body(operation), ...answers(operation)];
  return element('details', { id: `${method}${path}` }, [summary, ...parts]);
};

const shapes = (schemas) => [
  element('h2', { textContent: 'Shapes' }),
  ...Object.entries(schemas).map(([name, schema]) =>
    element('details', { id: name }, [
      element('summary', {}, [code(name)]),
      element('pre', { textContent: shape(schema) }),
    ]),
  ),
];

// What the address names is open, so that people can send one another links.
const openNamed = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named === null) return;
  named.open = true;
  named.scrollIntoView();
};

const show = async () => {
  const place = document.querySelector('#routes');
  try {
    const { paths, components } = await (await fetch('/openapi.json')).json();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => route(path, method, operation)),
    );
    place.replaceChildren(...routes, ...shapes(components?.schemas ?? {}));
    openNamed();
    addEventListener('hashchange', openNamed);
  } catch (error) {
    place.textContent = `The document cannot be loaded: ${error.message}`;
  }
};

await show();
