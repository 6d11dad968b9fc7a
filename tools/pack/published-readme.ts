import { posix } from 'node:path';

const LINK = /(?<!!)\[((?:[^[\]]|\[[^[\]]*\])*)\]\((?!\w+:|#)([^()\s]+)\)/g;

/**
 * A package's README as it is published: a link that leads out of the package, to where nothing is
 * once it is installed, becomes its text and the path in the repository.
 *
 * @param path the package's folder, relative to the root
 */
export function publishedReadme(text: string, path: string): string {
  return text.replaceAll(LINK, (link, label: string, target: string) => {
    const file = posix.join(path, target.replace(/#.*/, ''));
    if (file.startsWith(`${path}/`)) return link;
    return `${label} (in the repository: ${file})`;
  });
}
