import type { Entity } from '@socmate/contracts';
import type { OfflineProvider } from './observe.ts';
import { SYSTEM_BINARIES } from './system-binaries.ts';

const COMMAND_MAX = 8_192;

// What these have in common: the binary does what somebody else brought along.
const MISUSES: readonly (readonly [RegExp, string])[] = [
  [
    /\\(?:temp|tmp|downloads|users\\public|appdata\\local\\temp)\\|%(?:temp|tmp|public)%/i,
    'a folder that anybody may write to',
  ],
  [/\b(?:https?|ftp):\/\//i, 'an address on the network'],
  [/\s[-/]e(?:c|nc|ncodedcommand)?\s+["']?[a-z\d+/=]{20}/i, 'an encoded command'],
  [/frombase64string|downloadstring|invoke-expression|\biex\b/i, 'code from elsewhere'],
  [/javascript:|vbscript:|scrobj\.dll|comsvcs(?:\.dll)?/i, 'a script or a dump by way of a library'],
];

/** Programs of the system that attackers make use of: shown wherever they run, suspicious with arguments of misuse. */
export const livingOffTheLand: OfflineProvider = {
  name: 'living-off-the-land',
  find(entity) {
    const name = imageOf(entity);
    const techniques = name === undefined ? undefined : SYSTEM_BINARIES.get(name);
    if (name === undefined || techniques === undefined) return undefined;
    const context = { system_binary: name };
    const misuse = entity.type === 'process' ? misuseOf(entity.value) : undefined;
    if (misuse === undefined)
      return {
        reliability: 'C',
        summary: `${name} is part of the system`,
        evidence: { name, techniques },
        context,
      };
    return {
      reliability: 'D',
      verdict: 'suspicious',
      score: 45,
      summary: `${name} with ${misuse}`,
      evidence: { name, techniques, misuse },
      context,
    };
  },
};

const misuseOf = (command: string): string | undefined =>
  MISUSES.find(([pattern]) => pattern.test(command.slice(0, COMMAND_MAX)))?.[1];

function imageOf({ type, value }: Entity): string | undefined {
  if (type !== 'process' && type !== 'file') return undefined;
  const head = value.slice(0, 1_024).trim();
  const path = type === 'file' ? head : programOf(head);
  const name = path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1).toLowerCase();
  if (name === '') return undefined;
  return name.includes('.') ? name : `${name}.exe`;
}

/** What a command line starts: in quotation marks, up to its extension, or the first word. */
function programOf(command: string): string {
  if (command.startsWith('"')) return command.slice(1).split('"', 1)[0] ?? '';
  const extension = command.toLowerCase().search(/\.exe(?:\s|$)/);
  return extension < 0 ? (command.split(/\s/, 1)[0] ?? '') : command.slice(0, extension + 4);
}
