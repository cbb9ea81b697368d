/** The help of `backup`, `restore` and `backups`. */
export const backupHelp = `ysh-pipeline backup --to PLACE | restore --from PLACE | backups list|check --from PLACE

  backup             saves rows, objects and files of Node-RED while runs go on; nothing is copied twice
  restore            puts them into empty stores: all, or nothing
  backups list       what there is
  backups check      reads the newest (or --id ID) and compares every file with its hash

PLACE is a folder or s3://bucket/prefix (YSH_BACKUP). S3 takes its keys from where the AWS SDK finds them.
  --s3-endpoint URL  another server that speaks S3
  --s3-region NAME

Which stores:
  --folder DIR       the folder of a ysh-stores, that no process has open (YSH_FOLDER)
  --postgres URL     a PostgreSQL server; better in YSH_POSTGRES; with it one of
      --objects X      a folder or s3://bucket/prefix; a bucket is listed and not copied
      --without-objects
  --node-red URL     backup only: a running Node-RED saves its own stores (YSH_NODE_RED, YSH_NODE_RED_TOKEN;
                     or YSH_NODE_RED_USER and YSH_NODE_RED_PASSWORD); PLACE is then seen from there
      --stores ID    its ysh-stores node, when several are deployed
  --user-dir DIR     Node-RED's user folder: flows, encrypted credentials, list of packages. The secret that opens the
                     credentials is taken only when YSH_BACKUP_PASSPHRASE is set, and encrypted by it

backup
  --keep N           keeps the newest N backups …
  --keep-days N      … and those of the last N days, and removes the others; without either all are kept
  --copy-objects     copies what is in a bucket too
  --flow-file NAME   name of the flows in --user-dir, flows.json by default

restore
  --id ID            not the newest
  --replace          deletes what is there; a store that Node-RED works on is refused all the same
  --as-copy          a copy to look at: unfinished runs are cancelled, nothing that waited is sent
  --keep-vectors     the Qdrant beside it is still as it was; without it collections there are built anew

--json writes JSON for programs, --quiet no progress.
Exit codes: 0 done, 1 failed, 2 used wrongly.`
