/*
 * backup.h - the whole data directory as one file, and back: a gzip-compressed tar of the database, the certificate,
 * sounds and, where asked for, recordings, with a manifest that has the SHA-256 of each.
 *
 * Secrets in the database and the certificate are sealed with the key file. That is in a backup only where a
 * passphrase was given, wrapped with it (scrypt, AES-256-GCM); otherwise the backup can be restored by this key alone.
 * Thread: the loop's; the work is done by a thread of its own, one at a time (EBUSY). Call-backs as in store.h.
 * What is made or unpacked lies in backup/ and restore/ of the data directory, under names of the time or of chance.
 */
#ifndef OFFHOOK_STORE_BACKUP_H
#define OFFHOOK_STORE_BACKUP_H

#include "store/store.h"

enum { BACKUP_FORMAT = 1, BACKUP_PASSPHRASE_MIN = 8, BACKUP_PASSPHRASE_MAX = 256, RESTORE_ID = 16 };

struct store_backup {
	bool recordings;
	bool keep; /**< under a name made of the time; else it is for one download, and goes an hour later */
	struct slice passphrase; /**< empty: none */
};
/** Answers {file (its name in backup/), path, bytes, at, version, passphrase, recordings, counts: {files, cdr,
 * extensions ...}, skipped: [names]}. */
void store_backup(struct store *s, const struct store_backup *b, store_json_h *h, void *arg);

/** What to check: one of three. */
struct store_restore {
	struct slice data; /**< a backup that was sent; copied */
	const char *file;  /**< name of one in backup/ of the data directory */
	const char *id;    /**< one that was checked before (with another passphrase) */
	struct slice passphrase;
};
/**
 * Unpack and check. Nothing of the present is touched. Answers {id, at, version, passphrase, recordings, counts,
 * configuration: as store_export() with secrets}. ERR_SYNTAX with a sentence: it is damaged, cut, foreign or of a
 * newer version; ERR_AUTH: the passphrase is wrong; ERR_STATE: it needs a passphrase, or another key; ENOSPC: it does
 * not fit on the disk; ENOENT: there is no such file or id. What was checked before is forgotten. `res` is {id} when
 * only the passphrase was wrong or missing.
 */
void store_restore_check(struct store *s, const struct store_restore *r, store_json_h *h, void *arg);
/** Again what the last check answered. ENOENT: it is not there any more. */
void store_restore_read(struct store *s, const char *id, store_json_h *h, void *arg);
/** Add call records, recordings (rows and files) and sounds that are missing; nothing is removed or overwritten, and
 * doing it twice does no harm. Answers {cdr, recordings, files, certificate?: {certificate, key} as PEM}. Then it is
 * forgotten. */
void store_restore_merge(struct store *s, const char *id, store_json_h *h, void *arg);
/** Restore into a directory without a database, in this thread: all of it, the database last, so that what is cut
 * short can be done again. `*info` (may be NULL) gets {at, version, counts}. EEXIST: there is a database. */
int store_restore_fresh(const struct store_cfg *cfg, const char *file, struct slice passphrase, json_t **info,
			struct buf *why) MUST_CHECK;
/** Remove what downloads and checks left behind. Blocks. */
void store_backup_tidy(const char *dir);

#endif
