import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/**
 * GitHub's published description of its API (npm package @octokit/openapi, MIT), cut to the operations that plugin-gate
 * uses, with a validator for each.
 */

const PATHS = [
  '/repos/{owner}/{repo}/check-runs',
  '/repos/{owner}/{repo}/check-runs/{check_run_id}',
  '/repos/{owner}/{repo}/commits/{ref}/check-runs',
  '/repos/{owner}/{repo}/issues/{issue_number}/comments',
  '/repos/{owner}/{repo}/issues/comments/{comment_id}',
  '/repos/{owner}/{repo}/pulls',
  '/repos/{owner}/{repo}/code-scanning/sarifs',
  '/repos/{owner}/{repo}/statuses/{sha}',
  '/repos/{owner}/{repo}/contents/{path}',
  '/repos/{owner}/{repo}/git/commits/{commit_sha}',
  '/repos/{owner}/{repo}/git/blobs/{file_sha}',
  '/repos/{owner}/{repo}/releases',
  '/repos/{owner}/{repo}/releases/latest',
  '/repos/{owner}/{repo}/releases/{release_id}/assets',
  '/repos/{owner}/{repo}/releases/assets/{asset_id}',
] as const;

interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface RawDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Operation {
  readonly id: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** What GitHub's description has against the request; empty when it is in order. */
  readonly complaints: (body: unknown, query: URLSearchParams) => readonly string[];
}

type Route = (method: string, path: string) => Operation | undefined;

function resolveParameter(raw: RawDescription, parameter: Parameter): Parameter {
  const name = parameter.$ref?.split('/').at(-1);
  return name === undefined ? parameter : (raw.components.parameters?.[name] as Parameter);
}

function queryComplaints(ajv: Ajv, known: readonly Parameter[], query: URLSearchParams): string[] {
  const complaints: string[] = [];
  for (const [name, value] of query) {
    const parameter = known.find((one) => one.in === 'query' && one.name === name);
    if (parameter === undefined) {
      complaints.push(`query parameter ${name} is not known`);
      continue;
    }
    const typed = parameter.schema.type === 'integer' ? Number(value) : value;
    if (!ajv.validate(parameter.schema, typed)) complaints.push(`query parameter ${name}: ${ajv.errorsText()}`);
  }
  return complaints;
}

function bodyComplaints(validate: ValidateFunction | undefined, schema: Schema | undefined, body: unknown): string[] {
  if (validate === undefined) return body === undefined ? [] : ['this request has no body'];
  const complaints = validate(body)
    ? []
    : (validate.errors ?? []).map((error) => `body${error.instancePath} ${error.message}`);
  // GitHub ignores what it does not know; a request of ours that has such a field is a mistake of ours.
  const known = Object.keys(schema?.properties ?? {});
  const unknown = Object.keys(typeof body === 'object' && body !== null ? body : {}).filter(
    (key) => !known.includes(key),
  );
  return [...complaints, ...unknown.map((key) => `body/${key} is not known`)];
}

let compiled: Route | undefined;

/** Finds the operation of a request; undefined for what plugin-gate has no reason to ask for. */
export function description(): Route {
  if (compiled !== undefined) return compiled;
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
  const raw = JSON.parse(readFileSync(file, 'utf8')) as RawDescription;
  const ajv = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  for (const format of ['int64', 'repo.nwo']) ajv.addFormat(format, true);
  ajv.addSchema({ $id: 'github', components: raw.components });

  const routes = PATHS.flatMap((path) => {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`);
    return Object.entries(raw.paths[path] ?? {}).map(([method, operation]) => {
      const schema = operation.requestBody?.content['application/json']?.schema;
      // References inside are relative to the description.
      const text = JSON.stringify(schema ?? null).replaceAll('"#/components/', '"github#/components/');
      const validate = schema && ajv.compile(JSON.parse(text));
      const parameters = (operation.parameters ?? []).map((one) => resolveParameter(raw, one));
      const complaints: Operation['complaints'] = (body, query) => [
        ...bodyComplaints(validate, schema, body),
        ...queryComplaints(ajv, parameters, query),
      ];
      return { method: method.toUpperCase(), pattern, names, id: operation.operationId, complaints };
    });
  });

  compiled = (method, path) => {
    for (const route of routes) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match === null) continue;
      const parameters = Object.fromEntries(
        route.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]),
      );
      return { id: route.id, parameters, complaints: route.complaints };
    }
    return undefined;
  };
  return compiled;
}
