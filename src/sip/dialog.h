/*
 * dialog.h - dialogs (RFC 3261 section 12): identity, sequence numbers, route set, remote target, and the one
 * function that builds every request inside them.
 *
 * Private to the room. A dialog knows nothing of INVITE; its user (a session, later a
 * subscription) gets the requests that arrive in it, in CSeq order. Everything that
 * stays the same for long lies in one block of text.
 * Thread: the stack's loop. Ownership: mem_deref; the table holds no reference. A dialog
 * whose stack has ended has `sip` NULL, and only its texts can be read.
 */
#ifndef OFFHOOK_SIP_DIALOG_H
#define OFFHOOK_SIP_DIALOG_H

#include "sip/sip_priv.h"

/** The texts of a dialog, all in one block. */
enum dialog_text {
	DIALOG_CALLID,
	DIALOG_LTAG,     /**< our tag */
	DIALOG_RTAG,     /**< theirs; empty before it is known, or when a peer of RFC 2543 gives none */
	DIALOG_LOCAL,    /**< our From (or To) without its tag: "display" <uri> */
	DIALOG_REMOTE,   /**< theirs, without its tag */
	DIALOG_TARGET,   /**< remote target: URI of their Contact */
	DIALOG_ROUTES,   /**< route set as a comma list in the order of use; empty without */
	DIALOG_CUSER,    /**< user part of our Contact */
	DIALOG_SOFTWARE, /**< their User-Agent or Server */
	DIALOG_TEXTS
};

struct dialog;

/** What the user of a dialog gets. */
struct dialog_ops {
	/** A request other than ACK and CANCEL, its CSeq in order. Answer `st` now or later. */
	void (*request)(struct dialog *d, struct sip_strans *st, const struct sip_msg *req, void *arg);
	/** ACK to a 2xx. */
	void (*ack)(struct dialog *d, const struct sip_msg *ack, void *arg);
	/** Before a UAC dialog is confirmed: is `tag` the remote tag of one of its early dialogs? NULL: never. */
	bool (*early)(const struct dialog *d, struct slice tag, void *arg);
	/** Header lines that every request, and every answer to an INVITE, carries. NULL: none. */
	void (*lines)(const struct dialog *d, struct buf *b, void *arg);
};

struct dialog {
	struct hlink hl;
	struct sip *sip; /**< NULL when the stack has ended */
	const struct dialog_ops *ops;
	void *arg;
	char *text;                 /**< the block */
	uint32_t end[DIALOG_TEXTS]; /**< where each text ends in it */
	uint32_t lcseq, rcseq;      /**< last numbers used */
	struct sip_dest dest;       /**< where requests go now */
	bool has_rcseq;
	bool uac;       /**< we opened it: the Call-ID is ours (RFC 3261 14.1) */
	bool follow;    /**< stay at the address the peer was reached at, whatever its Contact says */
	bool confirmed; /**< remote tag and route set are known for good */
	bool secure;    /**< opened by a sips: URI (RFC 3261 12.1) */
};

/** A dialog to be opened by us. `local` and `remote` are whole header values without tags. */
struct dialog_open {
	struct slice uri; /**< Request-URI, the first target */
	struct slice local, remote;
	struct slice contact_user;
	struct sip_dest dest;
	bool follow;
};

/** New dialog, with a Call-ID and a tag of our own, in the table. ENOMEM. */
int dialog_open(struct dialog **dp, struct sip *s, const struct dialog_open *o, const struct dialog_ops *ops,
		void *arg) MUST_CHECK;
/** New dialog from a request that opens one, in the table. ERR_SYNTAX: Contact or Record-Route is missing or broken;
 * ERR_LIMIT; ENOMEM. */
int dialog_accept(struct dialog **dp, struct sip_strans *st, const struct sip_msg *req, struct slice contact_user,
		  const struct dialog_ops *ops, void *arg) MUST_CHECK;
/** A response that confirms our dialog: remote tag, route set, target, destination. As dialog_accept's errors, but a
 * missing Contact is fine. */
int dialog_confirm(struct dialog *d, const struct sip_msg *rsp) MUST_CHECK;
/** A second dialog of the same request, confirmed by `rsp` of another branch. In no table: only good for sending. */
int dialog_fork(struct dialog **dp, const struct dialog *d, const struct sip_msg *rsp) MUST_CHECK;
/** Target refresh by a request or 2xx (RFC 3261 12.2.1.2, 12.2.2). Without a good Contact the target stays. ENOMEM. */
int dialog_refresh(struct dialog *d, const struct sip_msg *msg) MUST_CHECK;
/** Take the User-Agent or Server of the first message that has one. */
void dialog_note_software(struct dialog *d, const struct sip_msg *msg);

/** One of its texts. */
struct slice dialog_text(const struct dialog *d, enum dialog_text t);

/** A request in a dialog. The stack's part and From, To, Call-ID, CSeq, Route and Contact are written by the dialog. */
struct dialog_request {
	enum sip_method m;
	uint32_t cseq;           /**< 0 = the next; set to what was used. ACK: that of its INVITE */
	uint32_t maxfwd;         /**< 0 = 70 */
	struct slice auth, hdrs; /**< whole header lines */
	struct slice ctype, body;
	bool rel100_off;    /**< no "100rel" in Supported */
	const char *branch; /**< of an ACK, so that it can be built again; NULL: a new one */
};
/** Send it. Errors of sip_request(); ERR_STATE when the stack has ended. */
int dialog_send(struct sip_ctrans **ctp, struct dialog *d, struct dialog_request *r, const struct sip_ctrans_ops *ops,
		void *arg) MUST_CHECK;
/** Send an ACK to a 2xx, no transaction; `out` (may be NULL) gets the block to send again. */
int dialog_send_ack(struct dialog *d, const struct dialog_request *r, struct rbuf **out) MUST_CHECK;
/** The Request-URI of the next request: the target, or the first route when that is a strict router (RFC
 * 3261 12.2.1.1). */
struct slice dialog_ruri(const struct dialog *d);
/** The lines that a 101-299 to the request that opened it carries: Record-Route as it came, our Contact. Allow and
 * Supported with 2xx. */
void dialog_enc_answer(struct buf *b, struct dialog *d, const struct sip_msg *req, uint16_t scode);

/** The lines of its user (dialog_ops.lines). */
void dialog_enc_lines(struct buf *b, const struct dialog *d);

/** Something that uses a stack and must know when it ends. Embedded. */
struct sip_user {
	struct link le;
	/** The stack ends: stop timers, detach transactions, forget it. No call-backs. The entry is out of the list by
	 * now. */
	void (*gone)(struct sip_user *u);
};
/** Something that must know when a flow closes. Embedded; its owner takes it out when the stack ends. */
struct sip_flow_user {
	struct link le;
	/** Flow `flow` closed. */
	void (*closed)(struct sip_flow_user *u, uint64_t flow);
};

#endif
