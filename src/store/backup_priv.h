/*
 * backup_priv.h - what making, checking and bringing in a backup share. Threads: the side thread, or who restores into
 * an empty directory.
 */
#ifndef OFFHOOK_STORE_BACKUP_PRIV_H
#define OFFHOOK_STORE_BACKUP_PRIV_H

#include "store/backup.h"
#include "store/store_priv.h"
#include "store/tar.h"

#define BACKUP_MARK     "offhook-backup" /* first member: "offhook backup 1\n", so that a newer format is told at once */
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_DB       "offhook.db"
enum { BACKUP_PATH = 4600, SUM_HEX = 65, WRAP_SALT = 16 };

/* ---- SHA-256 while bytes pass */
struct sum {
	EVP_MD_CTX *ctx;
};
int sum_begin(struct sum *m) MUST_CHECK;
void sum_add(struct sum *m, const void *p, size_t n);
/* Hexadecimal; ends it. NULL: only ends it. */
void sum_end(struct sum *m, char hex[SUM_HEX]);

/* ---- the key within a backup */
/* {kdf, n, r, p, salt, sealed}; NULL: memory is out. */
json_t *wrap_key(const struct store *s, struct slice passphrase);
/* ERR_AUTH: wrong passphrase; ERR_SYNTAX: not as written by us. */
int unwrap_key(const json_t *o, EVP_CIPHER *gcm, struct slice passphrase, uint8_t key[KEY_BYTES]) MUST_CHECK;

/* ---- files and directories */
/* May a member have this name? Its folder is one of ours and nothing leads out of it. */
bool member_name_ok(const char *name);
/* Directories above a path, from `base` on. */
int make_dirs(const char *base, const char *rel) MUST_CHECK;
/* A directory and all below; not there is fine. */
void remove_tree(const char *path);
/* New file for its owner alone, written and on disk. EEXIST. */
int write_new(const char *path, const void *p, size_t n) MUST_CHECK;
/* All of a file of at most `max` bytes. EFBIG. */
int read_whole(const char *path, size_t max, struct buf *b) MUST_CHECK;
/* Is a text of the database one that names a file below recordings/? */
bool recording_file_ok(struct slice file);

/* ---- an unpacked backup */
struct unpacked {
	const char *dir;        /* data directory that it is for */
	char base[BACKUP_PATH]; /* restore/ID */
	char tree[BACKUP_PATH]; /* restore/ID/data */
	json_t *manifest;
	struct store *s;               /* opened on the tree; NULL */
	bool (*stop)(struct store *s); /* asked now and then; NULL */
	struct store *owner;
};
/* Archive into the tree: sums, names, sizes, room on the disk. */
int unpack(struct unpacked *u, const char *archive, struct buf *why) MUST_CHECK;
/* Its key: unwrapped, or the one of `dir`; then its database is opened, upgraded and checked. */
int unpacked_open(struct unpacked *u, const struct store_cfg *like, struct slice passphrase,
		  struct buf *why) MUST_CHECK;
void unpacked_close(struct unpacked *u);
/* Files below a folder of the tree that the data directory lacks: linked there. */
int place_files(const struct unpacked *u, const char *folder, uint64_t *n) MUST_CHECK;
/* A file of the certificate as it was. ENOENT. */
int unseal_file(const struct unpacked *u, const char *name, struct buf *b) MUST_CHECK;

#endif
