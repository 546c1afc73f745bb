import { SNAPSHOT_SCHEMA } from './format.ts';

/** JSON Schema 2020-12 of what is in the gzip file of a snapshot, as published in schema/snapshot.v1.json. */
export function snapshotJsonSchema(): unknown {
  const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Snapshot of plugin-gate, version 1',
    description:
      'What a comparison needs of a release: what was read from its ELF structures, and the types that its exported symbols reach. Packed with gzip. The fields are those of ElfImage (src/elf/model.ts) and TypeGraph (src/abi/model.ts), each in a column of its own.',
    type: 'object',
    properties: {
      schema: { const: SNAPSHOT_SCHEMA },
      digest: { ...digest, description: 'SHA-256 of the file that the snapshot was made of.' },
      size: { type: 'integer', minimum: 0, description: 'Size of that file in bytes.' },
      release: { type: 'string', maxLength: 256, description: 'Version of the release, as given by --release.' },
      content: {
        ...digest,
        description: 'SHA-256 of what the loader maps of it and of its debug information, without the build id.',
      },
      strings: {
        type: 'array',
        items: { type: 'string' },
        description: 'Distinct texts in the order of their first use; columns of texts hold places in this list.',
      },
      columns: {
        type: 'object',
        propertyNames: { pattern: '^(?:image|problems|types|go)[A-Za-z0-9.?#-]*$' },
        additionalProperties: { type: 'array', items: { type: 'number' } },
        description:
          'Values by path, in the order in which the records are read. PATH# holds the lengths of lists, PATH? whether an optional value is there (left out where none is). Fixed choices are numbered in the order of the model; references to types, line numbers and addresses are differences to the value before.',
      },
    },
    required: ['schema', 'digest', 'size', 'strings', 'columns'],
    additionalProperties: false,
  };
}
