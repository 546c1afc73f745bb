import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import type { GateReport } from '../gate/report.ts';
import { AUDIT_FILE, renderAudit } from './audit.ts';
import { refuseLinkOut } from './directory.ts';
import { linksOf } from './links.ts';

/** What a report can be written as. */
export const REPORT_FORMATS = ['text', 'json', 'markdown', 'sarif', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const FILES: Readonly<Record<ReportFormat, string>> = {
  text: 'report.txt',
  json: 'report.json',
  markdown: 'report.md',
  sarif: 'report.sarif',
  html: 'report.html',
};

export interface WrittenReport {
  /** `audit`: the audit trails, which are no report of their own. */
  readonly format: ReportFormat | 'audit';
  readonly path: string;
}

/** The report in one format. Renderers are loaded when used. @param server address of GitHub, for links */
export async function renderReport(report: GateReport, format: ReportFormat, server?: string): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('./text.ts')).renderText(report);
    case 'json':
      return (await import('./json.ts')).renderJson(report);
    case 'markdown':
      return (await import('./markdown.ts')).renderMarkdown(report, { links: linksOf(report, server) });
    case 'sarif':
      return (await import('./sarif.ts')).renderSarif(report, { server });
    case 'html':
      return (await import('./html/page.ts')).renderHtml(report, { links: linksOf(report, server) });
  }
}

/**
 * Writes the report as `report.<txt|json|md|sarif|html>` into a directory, which is made when missing, and beside it what
 * loading the plugins did, as `audit.jsonl`. Each file is
 * written under another name beside its place and renamed: a reader sees the old file or the new one, whole.
 * @param repository absolute; a link out of it is not followed
 * @returns what was written, in the order of `formats`
 * @throws UsageError when the directory leads out of the repository by a link; EnvironmentError when the directory cannot be written to
 */
export async function writeReports(
  report: GateReport,
  directory: string,
  formats: readonly ReportFormat[],
  server?: string,
  repository?: string,
): Promise<WrittenReport[]> {
  if (repository !== undefined) refuseLinkOut(directory, repository);
  const texts: { readonly format: ReportFormat; readonly text: string }[] = [];
  for (const format of new Set(formats)) texts.push({ format, text: await renderReport(report, format, server) });
  try {
    await mkdir(directory, { recursive: true });
    const written: WrittenReport[] = [];
    for (const { format, text } of texts) {
      const path = join(directory, FILES[format]);
      await replaceFile(path, text);
      written.push({ format, path });
    }
    const audit = renderAudit(report);
    // What an earlier run left there would pass for this one's.
    await rm(join(directory, AUDIT_FILE), { force: true });
    if (audit !== '') {
      const path = join(directory, AUDIT_FILE);
      await replaceFile(path, audit);
      written.push({ format: 'audit', path });
    }
    return written;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new EnvironmentError(`The report could not be written to ${directory}: ${cause}`);
  }
}

/** Writes a file under a temporary name in the same directory, then renames it; nothing is left behind on failure. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
