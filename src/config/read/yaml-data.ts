/** Turns the nodes of the YAML parser into plain data with places. */
import { isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';
import type { Span } from './frame.ts';
import { DEEPEST } from './nesting.ts';
import { child, type Pointer } from './pointer.ts';
import type { Part } from './source.ts';

/** How many values aliases may add: enough for a thousand services of twenty keys, but not for an alias bomb. */
const MOST_ALIASED = 20_000;

export interface NodeProblem {
  readonly span: Span;
  readonly message: string;
  readonly hint: string | null;
}

export interface NodeData {
  readonly data: unknown;
  readonly place: (pointer: Pointer, part: Part) => Span | null;
  readonly written: (pointer: Pointer) => string | null;
  readonly problems: readonly NodeProblem[];
  /** Reading stopped because of too many aliases: `data` is incomplete. */
  readonly gaveUp: boolean;
}

type PlainObject = Record<string, unknown>;

/**
 * Turns nodes into plain data and remembers the place of each value. The place of a value from an alias is the alias.
 * The place of the values inside it is the anchor: an error there is to be fixed at the anchor.
 */
export function readNodes(document: Document.Parsed, root: Node): NodeData {
  const reader = new NodeReader(document);
  const data = reader.read(root, '', null);
  return {
    data,
    place: (pointer, part) => reader.place(pointer, part),
    written: (pointer) => reader.written.get(pointer) ?? null,
    problems: reader.problems,
    gaveUp: reader.gaveUp,
  };
}

class NodeReader {
  readonly problems: NodeProblem[] = [];
  readonly written = new Map<Pointer, string>();
  gaveUp = false;
  /** How many values were read through aliases so far. */
  #aliased = 0;
  readonly #places = new Map<Pointer, { key: Span | null; value: Span }>();
  readonly #targets: ReadonlyMap<Alias, Node>;
  /** The mappings in which keys given twice were looked for. An alias does not search its anchor again. */
  readonly #searched = new Set<YAMLMap>();
  /** The anchors that are being read. An alias of one of them would never end. */
  readonly #following = new Set<Node>();

  constructor(document: Document.Parsed) {
    this.#targets = aliasTargets(document);
  }

  place(pointer: Pointer, part: Part): Span | null {
    const place = this.#places.get(pointer);
    if (place === undefined) return null;
    // An empty value has no text, so its key is marked.
    if (part === 'key' || place.value.end === place.value.start) return place.key ?? place.value;
    return place.value;
  }

  read(node: unknown, pointer: Pointer, key: Span | null): unknown {
    if (this.gaveUp) return null;
    if (this.#following.size > 0) this.#aliased += 1;
    const value = spanOf(node) ?? key ?? { start: 0, end: 0 };
    if (!this.#places.has(pointer)) this.#places.set(pointer, { key, value });

    if (isAlias(node)) return this.#follow(node, (target) => this.read(target, pointer, key)) ?? null;
    if (isMap(node)) return this.#readMap(node, pointer);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, child(pointer, index), null));
    if (!isScalar(node)) return null;
    if (typeof node.value !== 'string' && node.source !== undefined) this.written.set(pointer, node.source);
    return node.value;
  }

  #follow<Result>(alias: Alias, read: (target: Node) => Result): Result | null {
    const target = this.#targets.get(alias);
    if (target === undefined) {
      this.#addProblem(
        alias,
        `there is no anchor &${alias.source} above`,
        `define it first: &${alias.source}`,
      );
      return null;
    }
    if (this.#following.has(target)) {
      this.#addProblem(alias, `the alias *${alias.source} is inside its own anchor`, null);
      return null;
    }
    // Counted here too: merging existing keys adds no value but takes the same time.
    this.#aliased += 1;
    if (this.#aliased > MOST_ALIASED || this.#following.size >= DEEPEST) {
      this.gaveUp = true;
      this.#addProblem(
        alias,
        `aliases add more than ${MOST_ALIASED} values or ${DEEPEST} levels`,
        'write the values without aliases',
      );
    }
    if (this.gaveUp) return null;
    this.#following.add(target);
    const result = read(target);
    this.#following.delete(target);
    return result;
  }

  #readMap(map: YAMLMap, pointer: Pointer): PlainObject {
    this.#findRepeated(map);
    const data = Object.create(null) as PlainObject;
    this.#readPairs(map, pointer, data);
    return data;
  }

  #findRepeated(map: YAMLMap): void {
    if (this.#searched.has(map)) return;
    this.#searched.add(map);
    const keys = new Set<unknown>();
    for (const { key } of map.items) {
      if (!isScalar(key)) continue;
      if (keys.has(key.value))
        this.#addProblem(key, `the key ${key.source ?? String(key.value)} is given twice`, null);
      keys.add(key.value);
    }
  }

  /** Existing keys have priority: first those beside the merge key, then those of mappings further left. */
  #readPairs(map: YAMLMap, pointer: Pointer, data: PlainObject): void {
    for (const { key, value } of map.items.filter((pair) => !isMergeKey(pair))) {
      if (!isScalar(key) || typeof key.value !== 'string' || key.value in data) continue;
      data[key.value] = this.read(value, child(pointer, key.value), spanOf(key));
    }
    for (const { value } of map.items.filter(isMergeKey)) this.#merge(value, pointer, data);
  }

  #merge(value: unknown, pointer: Pointer, data: PlainObject): void {
    if (isAlias(value)) {
      this.#follow(value, (target) => {
        this.#merge(target, pointer, data);
      });
    } else if (isSeq(value)) {
      for (const item of value.items) this.#merge(item, pointer, data);
    } else if (isMap(value)) {
      this.#readPairs(value, pointer, data);
    } else {
      this.#addProblem(value, 'a merge key (<<) needs a mapping, or a list of mappings', null);
    }
  }

  #addProblem(node: unknown, message: string, hint: string | null): void {
    this.problems.push({ span: spanOf(node) ?? { start: 0, end: 0 }, message, hint });
  }
}

function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function spanOf(node: unknown): Span | null {
  if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return null;
  return node.range ? { start: node.range[0], end: node.range[1] } : null;
}

/** The node of each alias: the last one above it with that anchor. */
function aliasTargets(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}
