/** What the help pages of `snapshot` and `backup` say behind their lists of options. */

export const snapshotHelp = {
  save: `
The file is etcd's own: a database and its SHA-256. It is written as FILE.part, checked, made
durable, and then named FILE. etcdctl snapshot status and restore take it, too.

With --data-dir the member does not run, and nothing in its directory is changed. All of its log
goes into the file; it says which entries at the end are not known to be committed.

Examples:
  quorate snapshot save backup.db
  quorate snapshot save backup.db --endpoints 10.0.0.1:2379 --timeout-ms 10000
  quorate snapshot save backup.db --data-dir /var/lib/quorate

Exit codes:
  0  saved
  1  not saved; FILE is as it was
  2  wrong usage
`,
  status: `
Example:
  quorate snapshot status backup.db --json

Exit codes:
  0  the file can be read, and its SHA-256 is right if it has one
  1  it is damaged, or no such file
  2  wrong usage
`,
  restore: `
Run it for every member, each with its own --name and --data-dir, all with the same FILE,
--initial-cluster and --initial-cluster-token; then start each with serve and the same settings.
What is restored is a new cluster: members of the old one, or of one that began empty, are not let
in. Keys, revisions, leases (with all of their time), users, roles and alarms come with it.

--keep-identity is for a standby that takes the place of a cluster that is gone for good. It makes
one member, alone; others are added to it later. --fence names the cluster, as proof that its
nodes were looked for and stopped: nothing here can stop them.

Examples:
  quorate snapshot restore backup.db --name n1 --data-dir n1.quorate \\
    --initial-cluster n1=http://host1:2380,n2=http://host2:2380,n3=http://host3:2380 \\
    --initial-advertise-peer-urls http://host1:2380 --initial-cluster-token restored-1
  quorate snapshot restore backup.db --bump-revision 1000000 --mark-compacted

Exit codes:
  0  restored
  1  not restored; standard error says why
  2  wrong usage
`,
} as const;

export const backupHelp = {
  now: `
The backup is named after the cluster, the time and the revision, and is read back before it
counts. quorate serve --backup-schedule does the same by itself.

Examples:
  quorate backup now /var/backups/quorate
  quorate backup now s3://bucket/quorate --backup-s3-endpoint http://minio:9000

Exit codes:
  0  made, and read back as it was sent
  1  not made
  2  wrong usage
`,
  list: `
Examples:
  quorate backup list /var/backups/quorate
  quorate backup list s3://bucket/quorate --json

Exit codes:
  0  listed
  1  TARGET cannot be read
  2  wrong usage
`,
  verify: `
Reads each file from end to end: its SHA-256, every page, every record, and whether a member could
go on from it, which takes as much memory as that member. Prints the HashKV that such a member
answers. What is in a bucket is fetched into the temporary directory first.

Examples:
  quorate backup verify backup.db
  quorate backup verify s3://bucket/quorate --newest

Exit codes:
  0  there is at least one, and all that were read are good
  1  one is damaged, or there is none
  2  wrong usage
`,
} as const;
