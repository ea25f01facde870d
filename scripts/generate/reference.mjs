import { Document, isScalar, stringify, visit } from 'yaml';
import { INTRODUCTION, VALUES } from './prose.mjs';

/** What people call the values that the named definitions stand for. */
const VALUE_NAMES = {
  Duration: '[duration](#durations)',
  DurationOrNever: '[duration](#durations) or `never`',
  Size: '[size](#sizes)',
  Signal: '[signal](#signals)',
  Command: '[command](#commands)',
};

const TYPE_NAMES = { string: 'text', number: 'number', integer: 'whole number', boolean: 'true or false' };

/** docs/configuration.md: every key of the schema with its type, default, meaning and an example. */
export function reference(schema) {
  const resolve = (node) => resolved(node, schema.definitions);
  const service = schema.definitions.service;
  const text = [
    '<!-- Generated from schema/alternate.schema.json by scripts/generate.mjs: do not edit. -->',
    '# Configuration',
    INTRODUCTION,
    '## The file',
    table(schema, resolve),
    '## `control`',
    resolve(schema.properties.control).description,
    table(resolve(schema.properties.control), resolve),
    fence({ control: resolve(schema.properties.control).examples[0], services: sampleServices(service) }),
    '## `defaults`',
    schema.properties.defaults.description,
    fence({ defaults: schema.properties.defaults.examples[0], services: sampleServices(service) }),
    '## `services`',
    schema.properties.services.description,
    'The keys of a service:',
    ...Object.entries(service.properties).flatMap(([name, node]) =>
      section(name, resolve(node), service, resolve),
    ),
    '## Values',
    ...VALUES.flatMap(({ heading, definition, more }) => [
      `### ${heading}`,
      definition === null ? '' : schema.definitions[definition].description,
      more,
    ]),
  ];
  return `${text.filter((part) => part !== '').join('\n\n')}\n`;
}

/** A key without its `$ref` or single `allOf`; what stands beside them wins. */
function resolved(node, definitions) {
  const reference = node.$ref ?? node.allOf?.[0].$ref;
  if (reference === undefined) return node;
  const { $ref: _ref, allOf: _allOf, ...own } = node;
  return { ...definitions[reference.replace('#/definitions/', '')], ...own };
}

function section(name, node, service, resolve) {
  const facts = [`- Type: ${typeOf(node, resolve)}`, `- Default: ${defaultOf(node) || 'none'}`];
  const structured = node.examples.some((example) => typeof example === 'object');
  if (!structured)
    facts.push(`- Example: ${node.examples.map((example) => inline({ [name]: example })).join(', ')}`);
  const mapping = mappingOf(node, resolve);
  return [
    `### \`${name}\``,
    node.description,
    facts.join('\n'),
    mapping === null ? '' : table(mapping, resolve),
    ...nestedTables(name, mapping, resolve),
    ...(structured ? node.examples.map((example) => fence(sample(name, example, service))) : []),
  ];
}

/** The keys of the mappings below a mapping, each under its own line. */
function nestedTables(name, mapping, resolve) {
  return Object.entries(mapping?.properties ?? {}).flatMap(([key, property]) => {
    const nested = mappingOf(resolve(property), resolve);
    return nested === null ? [] : [`The keys of \`${name}.${key}\`:`, table(nested, resolve)];
  });
}

/** The keys below a value, where it is a mapping or can be one. */
function mappingOf(node, resolve) {
  const candidates = [node, ...(node.anyOf ?? []).map(resolve)];
  return candidates.find(({ properties }) => properties !== undefined) ?? null;
}

function table(node, resolve) {
  const rows = Object.entries(node.properties).map(([name, property]) => {
    const key = resolve(property);
    const linked = ['control', 'defaults', 'services'].includes(name)
      ? `[\`${name}\`](#${name})`
      : `\`${name}\``;
    const example = linked.startsWith('[')
      ? ''
      : key.examples.map((value) => inline({ [name]: value })).join('<br>');
    return [
      linked,
      typeOf(key, resolve),
      defaultOf(key, node.required?.includes(name)),
      key.description,
      example,
    ];
  });
  const lines = [['Key', 'Type', 'Default', 'Meaning', 'Example'], Array(5).fill('---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function typeOf(node, resolve) {
  if (VALUE_NAMES[node.title]) return VALUE_NAMES[node.title];
  if (node.anyOf) return node.anyOf.map((branch) => typeOf(resolve(branch), resolve)).join(' or ');
  if (node.enum) return node.enum.map(code).join(', ');
  if ('const' in node) return code(node.const);
  if (Array.isArray(node.type)) return node.type.map((type) => TYPE_NAMES[type]).join(' or ');
  if (node.type === 'array') return `list (${typeOf(node.items, resolve)})`;
  if (node.type === 'object' && node.properties === undefined) {
    const values = resolve(node.additionalProperties);
    return values.type === 'object' ? 'mapping (service)' : `mapping (${typeOf(values, resolve)})`;
  }
  return node.type === 'object' ? 'mapping' : TYPE_NAMES[node.type];
}

function defaultOf(node, required = false) {
  if (required) return 'required';
  return node.default === undefined ? '' : code(node.default);
}

/** The smallest whole configuration that shows a key at work. */
function sample(name, example, service) {
  const [api] = Object.values(sampleServices(service));
  return { services: { api: { ...api, [name]: example } } };
}

function sampleServices(service) {
  return {
    api: {
      command: service.properties.command.examples[0],
      parameters: service.properties.parameters.examples[0],
    },
  };
}

/** A block of YAML, lists of plain values on one line. */
function fence(value) {
  const document = new Document(value);
  visit(document, {
    Seq(_, list) {
      list.flow = list.items.every(isScalar);
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return `\`\`\`yaml\n${text}\`\`\``;
}

function inline(value) {
  const flow = stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: true,
  }).trim();
  return code(flow.replace(/^\{ (.*) \}$/s, '$1'));
}

function code(value) {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
