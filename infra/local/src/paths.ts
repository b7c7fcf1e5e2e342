import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Where a clone keeps what it makes; ignored by git, safe to delete while nothing runs. */
export const localFolder = (root = repositoryRoot): string => join(root, '.local');

export const nodeArguments = ['--conditions=@socmate/source', '--disable-warning=ExperimentalWarning'];
