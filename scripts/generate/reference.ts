import { Document, isScalar, stringify, visit } from 'yaml';
import { INTRODUCTION, VALUES } from './prose.ts';

/** What is read of a node of the schema. */
export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
}

export interface Schema extends SchemaNode {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** Follows the `$ref` of a node. */
type Resolve = (node: SchemaNode) => SchemaNode;

/** What people call the values that the named definitions stand for. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
  Duration: '[duration](#durations)',
  DurationOrNever: '[duration](#durations) or `never`',
  Size: '[size](#sizes)',
  Signal: '[signal](#signals)',
  Command: '[command](#commands)',
};

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
};

/** docs/configuration.md: every key of the schema with its type, default, meaning and an example. */
export function reference(schema: Schema): string {
  const resolve: Resolve = (node) => resolved(node, schema.definitions);
  const service = definitionOf(schema, 'service');
  const [control, defaults, services] = ['control', 'defaults', 'services'].map((name) =>
    resolve(keyOf(schema, name)),
  ) as [SchemaNode, SchemaNode, SchemaNode];
  const text = [
    '<!-- Generated from schema/alternate.schema.json by scripts/generate.ts: do not edit. -->',
    '# Configuration',
    INTRODUCTION,
    '## The file',
    table(schema, resolve),
    '## `control`',
    control.description ?? '',
    table(control, resolve),
    fence({ control: control.examples?.[0], services: sampleServices(service) }),
    '## `defaults`',
    defaults.description ?? '',
    fence({ defaults: defaults.examples?.[0], services: sampleServices(service) }),
    '## `services`',
    services.description ?? '',
    'The keys of a service:',
    ...Object.entries(service.properties ?? {}).flatMap(([name, node]) =>
      section(name, resolve(node), service, resolve),
    ),
    '## Values',
    ...VALUES.flatMap(({ heading, definition, more }) => [
      `### ${heading}`,
      definition === null ? '' : (definitionOf(schema, definition).description ?? ''),
      more,
    ]),
  ];
  return `${text.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Throws where there is none. */
function definitionOf({ definitions }: Schema, name: string): SchemaNode {
  const found = definitions[name];
  if (found === undefined) throw new Error(`the schema has no definition ${name}`);
  return found;
}

/** Throws where there is none. */
function keyOf({ properties, title }: SchemaNode, name: string): SchemaNode {
  const found = properties?.[name];
  if (found === undefined) throw new Error(`${title ?? 'the schema'} has no key ${name}`);
  return found;
}

/** A key without its `$ref` or single `allOf`; what stands beside them wins. */
function resolved(node: SchemaNode, definitions: Schema['definitions']): SchemaNode {
  const reference = node.$ref ?? node.allOf?.[0]?.$ref;
  if (reference === undefined) return node;
  const { $ref: _ref, allOf: _allOf, ...own } = node;
  return { ...definitions[reference.replace('#/definitions/', '')], ...own };
}

function section(name: string, node: SchemaNode, service: SchemaNode, resolve: Resolve): string[] {
  const { examples = [] } = node;
  const facts = [`- Type: ${typeOf(node, resolve)}`, `- Default: ${defaultOf(node) || 'none'}`];
  const structured = examples.some((example) => typeof example === 'object');
  if (!structured)
    facts.push(`- Example: ${examples.map((example) => inline({ [name]: example })).join(', ')}`);
  const mapping = mappingOf(node, resolve);
  return [
    `### \`${name}\``,
    node.description ?? '',
    facts.join('\n'),
    mapping === null ? '' : table(mapping, resolve),
    ...nestedTables(name, mapping, resolve),
    ...(structured ? examples.map((example) => fence(sample(name, example, service))) : []),
  ];
}

/** The keys of the mappings below a mapping, each under its own line. */
function nestedTables(name: string, mapping: SchemaNode | null, resolve: Resolve): string[] {
  return Object.entries(mapping?.properties ?? {}).flatMap(([key, property]) => {
    const nested = mappingOf(resolve(property), resolve);
    return nested === null ? [] : [`The keys of \`${name}.${key}\`:`, table(nested, resolve)];
  });
}

/** The keys below a value, where it is a mapping or can be one. */
function mappingOf(node: SchemaNode, resolve: Resolve): SchemaNode | null {
  const candidates = [node, ...(node.anyOf ?? []).map(resolve)];
  return candidates.find(({ properties }) => properties !== undefined) ?? null;
}

function table(node: SchemaNode, resolve: Resolve): string {
  const rows = Object.entries(node.properties ?? {}).map(([name, property]) => {
    const key = resolve(property);
    const linked = ['control', 'defaults', 'services'].includes(name)
      ? `[\`${name}\`](#${name})`
      : `\`${name}\``;
    const example = linked.startsWith('[')
      ? ''
      : (key.examples ?? []).map((value) => inline({ [name]: value })).join('<br>');
    return [
      linked,
      typeOf(key, resolve),
      defaultOf(key, node.required?.includes(name)),
      key.description ?? '',
      example,
    ];
  });
  const lines = [['Key', 'Type', 'Default', 'Meaning', 'Example'], Array<string>(5).fill('---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function typeOf(node: SchemaNode, resolve: Resolve): string {
  const named = VALUE_NAMES[node.title ?? ''];
  if (named !== undefined) return named;
  if (node.anyOf) return node.anyOf.map((branch) => typeOf(resolve(branch), resolve)).join(' or ');
  if (node.enum) return node.enum.map(code).join(', ');
  if ('const' in node) return code(node.const);
  const types = [node.type ?? []].flat();
  if (types[0] === 'array') return `list (${typeOf(node.items ?? {}, resolve)})`;
  if (types[0] === 'object' && node.properties === undefined) {
    const values = resolve(node.additionalProperties ?? {});
    return values.type === 'object' ? 'mapping (service)' : `mapping (${typeOf(values, resolve)})`;
  }
  return types[0] === 'object' ? 'mapping' : types.map((type) => TYPE_NAMES[type]).join(' or ');
}

function defaultOf(node: SchemaNode, required = false): string {
  if (required) return 'required';
  return node.default === undefined ? '' : code(node.default);
}

/** The smallest whole configuration that shows a key at work. */
function sample(name: string, example: unknown, service: SchemaNode): object {
  return { services: { api: { ...sampleServices(service).api, [name]: example } } };
}

function sampleServices(service: SchemaNode) {
  const example = (name: string) => keyOf(service, name).examples?.[0];
  return { api: { command: example('command'), parameters: example('parameters') } };
}

/** A block of YAML, lists of plain values on one line. */
function fence(value: object): string {
  const document = new Document(value);
  visit(document, {
    Seq(_, list) {
      list.flow = list.items.every(isScalar);
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return `\`\`\`yaml\n${text}\`\`\``;
}

function inline(value: object): string {
  const flow = stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: true,
  }).trim();
  return code(flow.replace(/^\{ (.*) \}$/s, '$1'));
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
