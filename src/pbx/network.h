/*
 * network.h - addresses and ports of this machine: a table with one row, beside the options of the command line,
 * which win. Who changes it must confirm from there, or it returns by itself: nobody locks themselves out.
 *
 * Thread: loop. New addresses work beside the old ones until the change is confirmed; then the old ones end. What was
 * before is on the disk before anything is changed, so that a start after a crash returns to it.
 */
#ifndef OFFHOOK_PBX_NETWORK_H
#define OFFHOOK_PBX_NETWORK_H

#include "base/sa.h"
#include "store/store.h"

struct pbx;
extern const struct resource pbx_network_resource;

enum { NETWORK_CONFIRM_MS = 60000, NETWORK_LISTEN_MAX = 16, NETWORK_NETS_MAX = 32, NETWORK_TEXT = 640 };

/** A row as it is kept. Ports: -1: as without it. */
struct network {
	char external_ip[48], listen[NETWORK_TEXT], local_net[NETWORK_TEXT];
	int32_t sip_port, sips_port, http_port, https_port, rtp_first, rtp_last;
	bool stored;
};

/** What the server does with it. */
struct network_ops {
	/** Use these as well as what is in use. On an error nothing is different, and `why` has a sentence. */
	int (*open)(const struct network *n, struct buf *why, void *arg);
	/** Use these alone. */
	void (*settle)(const struct network *n, void *arg);
	/** The option or variable that holds a field ("--sip-port"), or NULL. */
	const char *(*held)(const char *field, void *arg);
	void *arg;
};
/** The listeners are there; from now on changes are carried out. What a crash left unconfirmed is changed back. NULL:
 * the server goes. */
void pbx_set_network(struct pbx *p, const struct network_ops *ops);
/** What holds at present. */
const struct network *pbx_network(const struct pbx *p);
/** A change works. ENOENT: no such change waits. */
int pbx_network_confirm(struct pbx *p, int64_t change_id) MUST_CHECK;
/** {change_id, confirm_before_ms} of the change that waits; NULL: none does. New reference. */
json_t *pbx_network_waiting(const struct pbx *p);
/** How it is: {held: {field: option}, next_start: [fields], waiting}. New reference. */
json_t *network_live(struct pbx *p);

/* ---- within pbx */
int network_load(struct pbx *p) MUST_CHECK;
void network_flush(struct pbx *p);
/** What the table cannot say: 0, or an error with a sentence. */
int network_check(struct pbx *p, const struct change_item *it, struct buf *why) MUST_CHECK;
/** Does a change touch it in a way that must be confirmed? */
bool network_involved(const struct pbx *p, const struct change_item *item, size_t n);
/** Before such a change: open, and note what was before; `h` when that is on the disk. An error with a sentence:
 * nothing is different, and `h` is not called. */
int network_prepare(struct pbx *p, const struct change_item *item, size_t n, struct buf *why, store_json_h *h,
		    void *arg) MUST_CHECK;
bool network_apply(const struct change_item *it, const json_t *row, struct pbx *p);
/** How a change ended (`prepared`: one that network_prepare() has begun): its number, or 0. */
void network_done(struct pbx *p, int64_t change_id, bool prepared);

#endif
