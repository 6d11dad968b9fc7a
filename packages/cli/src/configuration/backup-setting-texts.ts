/** The settings of backups that serve makes, as `settings` has them. */
export const backupSettingTexts = {
  'backup-schedule': {
    group: 'Backups',
    placeholder: 'INTERVAL',
    description: 'make a backup every so often: 30m, 6h, 1d',
    defaultText: 'none are made',
  },
  'backup-target': {
    group: 'Backups',
    placeholder: 'PLACE',
    description: 'where backups go: a directory, or s3://BUCKET/PREFIX',
    defaultText: 'none',
  },
  'backup-retain': {
    group: 'Backups',
    placeholder: 'KEEP',
    description: 'how many backups stay, or for how long: 48, or 30d',
    defaultText: 'all stay',
  },
  'backup-s3-endpoint': {
    group: 'Backups',
    placeholder: 'URL',
    description: "of an S3 service that is not Amazon's",
    defaultText: 'AWS_ENDPOINT_URL',
  },
} as const;
