interface Brand {
  /** As people read it in a domain. */
  readonly words: readonly string[];
  /** What is the brand's own, with everything below. */
  readonly domains: readonly string[];
}

/** Names that phishing imitates most, chosen by hand. */
export const BRANDS: readonly Brand[] = [
  {
    words: ['microsoft', 'microsoftonline', 'office365', 'outlook', 'onedrive', 'sharepoint'],
    domains: [
      'microsoft.com',
      'microsoftonline.com',
      'microsoft365.com',
      'office.com',
      'office365.com',
      'office.net',
      'outlook.com',
      'live.com',
      'onedrive.com',
      'sharepoint.com',
      'onmicrosoft.com',
      'windows.com',
      'windows.net',
      'azure.com',
      'azure.net',
      'msn.com',
      'bing.com',
      'visualstudio.com',
    ],
  },
  {
    words: ['google', 'gmail', 'youtube'],
    domains: ['google.com', 'gmail.com', 'youtube.com', 'googleapis.com'],
  },
  { words: ['icloud'], domains: ['icloud.com', 'apple.com'] },
  { words: ['amazon'], domains: ['amazon.com', 'amazonaws.com'] },
  { words: ['paypal'], domains: ['paypal.com'] },
  { words: ['docusign'], domains: ['docusign.com', 'docusign.net'] },
  { words: ['dropbox'], domains: ['dropbox.com'] },
  { words: ['adobe'], domains: ['adobe.com'] },
  {
    words: ['facebook', 'instagram', 'whatsapp'],
    domains: ['facebook.com', 'instagram.com', 'whatsapp.com'],
  },
  { words: ['linkedin'], domains: ['linkedin.com'] },
  { words: ['netflix'], domains: ['netflix.com'] },
  { words: ['github'], domains: ['github.com', 'github.io', 'githubusercontent.com'] },
  { words: ['salesforce'], domains: ['salesforce.com', 'force.com'] },
  { words: ['coinbase'], domains: ['coinbase.com'] },
  { words: ['binance'], domains: ['binance.com'] },
  { words: ['okta'], domains: ['okta.com'] },
  { words: ['zoom'], domains: ['zoom.us', 'zoom.com'] },
  { words: ['fedex'], domains: ['fedex.com'] },
];
