// Optional peers of the client. Met by what generates it, they would bring Prisma's whole command line, with
// React and TypeScript, into every production install.
const unwanted = { '@prisma/client': ['prisma', 'typescript'] };

const readPackage = (manifest) => {
  for (const peer of unwanted[manifest.name] ?? []) {
    delete manifest.peerDependencies?.[peer];
    delete manifest.peerDependenciesMeta?.[peer];
  }
  return manifest;
};

module.exports = { hooks: { readPackage } };
