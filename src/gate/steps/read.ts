import { readArtifact } from '../../artifact/read.ts';
import { artifactFinding } from '../../build/outcome.ts';
import { isGoPlugin } from '../../compare/interface.ts';
import { elfFindings } from '../../elf/findings.ts';
import type { ElfImage } from '../../elf/model.ts';
import { readElf } from '../../elf/read.ts';
import type { Finding } from '../../rules/finding.ts';
import { finding } from '../../rules/make.ts';
import { type GateStep, skip } from '../known.ts';
import type { Job } from '../plan.ts';

/** Reads the artifact once: digest, symbols, needs, hardening. Every later step works on these bytes. */
export const readStep: GateStep = async (job, known, context) => {
  let { artifact } = known;
  if (artifact === undefined) {
    if (job.plugin.build !== undefined) return skip('the build left no artifact');
    const reading = readArtifact(context.root, job.artifact);
    if (reading.artifact === undefined) {
      const findings = [artifactFinding(reading.problem, job.artifact, false)];
      return { outcome: { findings, evidence: undefined, summary: 'the artifact could not be read' } };
    }
    artifact = reading.artifact;
  }
  const reading = readElf(artifact.bytes);
  const { image } = reading;
  const findings = [...elfFindings(reading, { platform: job.target }), ...kindFindings(job, image)];
  if (image === undefined) {
    return {
      outcome: { findings, evidence: undefined, summary: 'not a plugin that can be read' },
      known: { artifact },
    };
  }
  return {
    outcome: { findings, evidence: readEvidence(image), summary: summaryOf(image) },
    known: {
      artifact,
      image,
      facts: {
        sizes: image.sizes,
        floors: image.floors.versions,
        oldest: image.floors.oldest,
        exported: image.symbols.length,
      },
    },
  };
};

function kindFindings({ plugin: { kind } }: Job, image: ElfImage | undefined): readonly Finding[] {
  if (kind !== 'go-plugin' || image === undefined || isGoPlugin(image)) return [];
  return [finding('go/not-plugin', 'The file is no Go plugin, but the configuration says so.', { subject: 'kind' })];
}

function summaryOf({ header, symbols, undefined: needed, floors }: ElfImage): string {
  const glibc = floors.versions.GLIBC;
  const exported = `${symbols.length} ${symbols.length === 1 ? 'symbol' : 'symbols'} exported`;
  return `${header.machine}, ${exported}, ${needed.length} needed${glibc === undefined ? '' : `, GLIBC ${glibc}`}`;
}

function readEvidence(image: ElfImage): unknown {
  const { header, dynamic, notes, hardening, floors, relocations, debug, versions, sizes } = image;
  return {
    class: header.class,
    machine: header.machine,
    endian: header.endian,
    soname: dynamic.soname ?? null,
    needed: dynamic.needed,
    runpath: dynamic.runpath ?? null,
    buildId: notes.buildId ?? null,
    versions: { defined: versions.defined.map(({ name }) => name), needed: versions.needed },
    hardening,
    floors,
    relocations,
    debug,
    sizes,
    exported: image.symbols.length,
    undefined: image.undefined.length,
  };
}
