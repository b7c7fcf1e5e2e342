/** Top-level domains that are better known as file extensions. */
export const EXTENSION_TLDS = new Set('py sh rs md so zip mov cab inc ps pm tf properties'.split(' '));

/** Names of software that are spelt like domains. */
export const SOFTWARE = new Set([
  'asp.net',
  'ado.net',
  'vb.net',
  'wscript.shell',
  'wscript.network',
  'adodb.stream',
  'system.io',
  'system.net',
  'system.management',
  'system.security',
  'java.io',
  'java.net',
  'java.security',
]);

/** Services that live under such a domain. */
export const KNOWN_HOSTS = new Set(['transfer.sh', 'temp.sh', 'docs.rs']);

/** Extensions of files that stand after what looks like an account's domain. */
export const FILE_EXTENSION =
  /\.(?:exe|dll|sys|ps1|psm1|psd1|bat|cmd|vbs|vbe|js|jse|wsf|hta|lnk|msi|scr|cpl|ocx|drv|txt|log|ini|cfg|conf|config|xml|json|ya?ml|csv|html?|aspx?|php|jsp|docx?|docm|xlsx?|xlsm|pptx?|pdf|rtf|zip|rar|7z|gz|tar|iso|img|vhdx?|dat|db|tmp|bak|png|jpe?g|gif|svg|py|sh|cs|cpp|java|class|jar|inf|reg|mui|etl|evtx|pdb|lib|obj|bin)$/i;

/** Words of code and of log fields, before what may be a property's name. */
export const CODE_WORDS = new Set(
  (
    'this self super object obj user users event events document doc window process processes file files host string str item items ' +
    'request req response res result results os sys data console system java javax node parent child target source agent client ' +
    'server url uri rule log logs dns http https network destination registry hash threat cloud container service module package ' +
    'location math json array date time list map set args params props state store action config settings options env context ctx ' +
    'exports require import math element el input output field value key entity entities account device incident alert'
  ).split(' '),
);

export const PROPERTY_TLDS = new Set(
  (
    'name id is in no as so at to me one host link now date map info app bar box call dev direct new open page post properties ' +
    'read run search security show site style today top total work world zone cat events email ms mobi media domains domain ' +
    'target group network shell stream management windows office azure microsoft report reports click select download live move data ip do la by my it az ad country city company contact type pid'
  ).split(' '),
);
