/*
 * ua.h - the user agent of liboffhook: accounts, calls and their sound.
 *
 * One oh_ua is one phone: it has an event loop, SIP over UDP, TCP and TLS,
 * media workers, accounts that register, and calls. Everything is called, and every
 * call-back comes, on the thread that runs oh_ua_run(); only oh_ua_wake() and
 * oh_ua_stop() may be called from elsewhere.
 * Ownership: the oh_ua owns its accounts and calls; an oh_call is valid until its
 * OH_CALL_ENDED event returns. Strings in events are valid during the call.
 */
#ifndef OFFHOOK_UA_H
#define OFFHOOK_UA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "offhook/err.h"
#include "offhook/version.h"

#ifdef __cplusplus
extern "C" {
#endif

struct oh_ua;
struct oh_account;
struct oh_call;

enum oh_transport { OH_UDP, OH_TCP, OH_TLS };

/** What happens to accounts and calls. */
enum oh_event_type {
	OH_REGISTERED,      /**< account is registered; `expires` s */
	OH_UNREGISTERED,    /**< by our wish */
	OH_REGISTER_FAILED, /**< code and text say why; it is tried again unless the password is wrong */
	OH_CALL_INCOMING,   /**< answer with oh_call_answer, oh_call_reject ...; `peer` is who calls */
	OH_CALL_RINGING,    /**< far end alerts; code 180 ... */
	OH_CALL_EARLY,      /**< early media plays */
	OH_CALL_ANSWERED,   /**< both ends talk */
	OH_CALL_HELD,       /**< the far end holds us */
	OH_CALL_RESUMED,
	OH_CALL_CHANGED,  /**< our hold, resume or offer was accepted (code 200) or refused */
	OH_CALL_DTMF,     /**< `digit` */
	OH_CALL_TRANSFER, /**< how our transfer goes: 202 accepted, 100, 18x, then one final code: 200 it worked */
	OH_CALL_REFERRED, /**< the far end sends us to `text`: oh_call_follow() within this event, or it is declined */
	OH_CALL_PLAYED,   /**< a file or tone that plays once has ended */
	OH_CALL_ENDED     /**< last event of a call; code and text */
};
struct oh_event {
	enum oh_event_type type;
	struct oh_account *account;
	struct oh_call *call;
	unsigned code;    /**< SIP status code, 0 if none */
	const char *text; /**< reason in words: the phrase of the answer, or the Reason header of CANCEL or BYE */
	const char *peer; /**< SIP URI of the other end */
	const char *peer_name;
	char digit;
	uint32_t expires; /**< s */
};
typedef void (*oh_event_h)(struct oh_ua *ua, const struct oh_event *ev, void *arg);

struct oh_ua_config {
	const char *listen;      /**< local address, "127.0.0.1"; NULL: 0.0.0.0 */
	uint16_t sip_port;       /**< 0: any free one */
	uint16_t rtp_lo, rtp_hi; /**< 0: 20000-29999 */
	const char *user_agent;  /**< NULL: "offhook phone VERSION" */
	const char *tls_ca;      /**< PEM file of certificates to trust beside the system's; NULL: none */
	oh_event_h on_event;
	void *arg;
};
/** New user agent. Errors of the sockets, OH_ERR_SYNTAX (address), ENOMEM. */
int oh_ua_new(struct oh_ua **uap, const struct oh_ua_config *cfg);
/** Run until oh_ua_stop(). */
int oh_ua_run(struct oh_ua *ua);
/** Leave oh_ua_run after this turn. From any thread or a signal handler. */
void oh_ua_stop(struct oh_ua *ua);
/** Run `fn(arg)` on the agent's thread, from any thread. ENOMEM. */
int oh_ua_wake(struct oh_ua *ua, void (*fn)(void *arg), void *arg);
/** Call `fn` after `ms`, once, on the agent's thread. ENOMEM. */
int oh_ua_after(struct oh_ua *ua, uint32_t ms, void (*fn)(void *arg), void *arg);
/** Hang up, unregister, close. Not from a call-back. */
void oh_ua_free(struct oh_ua *ua);
/** SIP port that is bound; for OH_TLS 0 until there is an account that uses it. */
uint16_t oh_ua_port(const struct oh_ua *ua, enum oh_transport tp);

struct oh_account_config {
	const char *user; /**< "100" */
	const char *password;
	const char *auth_user; /**< NULL: as user */
	const char *display;   /**< shown to the called party; NULL: none */
	/** Address, port 5060 (TLS: 5061) if none: "127.0.0.1:5060", "[::1]"; or a name, looked up when we register
	 * (SRV, A, AAAA): calls go to the server that took the registration. */
	const char *server;
	enum oh_transport transport;
	const char *tls_name; /**< with OH_TLS: name that the server must prove; NULL: its address */
	bool tls_any;         /**< with OH_TLS: take any certificate, as a server's own first one */
	bool do_register;
	uint32_t expires;           /**< s, 0: 3600 */
	const char *contact_params; /**< ";q=0.5" or NULL */
};
/** New account; starts to register if asked. EINVAL (no user or server), OH_ERR_SYNTAX (server), ENOMEM, or what
 * sending says. */
int oh_account_add(struct oh_ua *ua, struct oh_account **ap, const struct oh_account_config *cfg);
/** Register now, or unregister and stay; OH_REGISTERED, OH_UNREGISTERED or OH_REGISTER_FAILED follows. */
int oh_account_register(struct oh_account *a, bool on);
/** Hang up its calls, unregister (one try, no event follows) and forget. */
void oh_account_remove(struct oh_account *a);
bool oh_account_registered(const struct oh_account *a);

/** Encryption of sound (SRTP; keys in the description, RFC 4568). */
enum oh_srtp {
	OH_SRTP_OFF,         /**< plain RTP */
	OH_SRTP_BEST_EFFORT, /**< offered beside plain RTP (RFC 8643); taken when it is offered */
	OH_SRTP_OFFERED,     /**< our offers ask for it; plain offers are answered */
	OH_SRTP_REQUIRED     /**< no call without it */
};

/** How a call sounds and what it offers. All zero: PCMU, PCMA and telephone-event, silence sent, nothing kept. */
struct oh_call_options {
	const char *play_file; /**< WAV to send, over and over */
	unsigned play_tone_hz; /**< or a tone */
	bool play_once;        /**< the file once, the tone for 1 s; then OH_CALL_PLAYED and silence */
	bool record;           /**< keep received sound for oh_call_heard / oh_call_save */
	const char *codecs;    /**< "OPUS G722 PCMA PCMU" in order; NULL: PCMU and PCMA */
	enum oh_srtp srtp;
	const char *srtp_suites; /**< "AEAD_AES_128_GCM AES_CM_128_HMAC_SHA1_80" in order; NULL: default */
	bool delayed_offer;      /**< INVITE without SDP */
	bool hold_inactive;      /**< hold with "inactive" in place of "sendonly" */
	bool hide;               /**< ask not to be shown to the called party (RFC 3323) */
	bool video;              /**< offer an H264 m-line too; received video packets are counted and sent back */
	const char
		*replaces; /**< take the place of a phone in that call (RFC 3891): "Call-ID;to-tag=...;from-tag=..." */
	bool no_events;    /**< neither offer nor take telephone-events */
	bool hear_digits;  /**< tell digits in the sound, too, unless the far end sends telephone-events */
	uint32_t ptime_ms; /**< 10-60 ms of sound in a packet that we are sent; 0: 20 */
};
/**
 * Call a number ("101") or URI, through the account's server. OH_CALL_ENDED comes later in every case. EINVAL (nobody
 * to call), OH_ERR_SYNTAX (options), OH_ERR_STATE (the agent ends), OH_ERR_LIMIT (URI or ports), ENOMEM, or what
 * sending says: then there is no call.
 */
int oh_call_start(struct oh_account *a, struct oh_call **cp, const char *to, const struct oh_call_options *o);
/** 180. This and the next three: OH_ERR_STATE unless the call came in and waits for its answer. */
int oh_call_ring(struct oh_call *c);
/** 183 with SDP: early media. OH_ERR_STATE when the caller made no offer. */
int oh_call_early(struct oh_call *c, const struct oh_call_options *o);
/** 200. OH_CALL_ANSWERED follows with the caller's ACK. After early media only what is sent can change. ENOTSUP: the
 * offer and the options have no codec or no encryption in common: the call is refused with 488. */
int oh_call_answer(struct oh_call *c, const struct oh_call_options *o);
/** Final refusal: 486, 603, 302 with `contact` (a URI) ... */
int oh_call_reject(struct oh_call *c, unsigned code, const char *contact);
/** End it, in any state: CANCEL, refusal or BYE. OH_CALL_ENDED follows with code 0. */
void oh_call_hangup(struct oh_call *c);
/** re-INVITE: hold (sendonly, or as the options say) or resume. OH_CALL_CHANGED follows. OH_ERR_STATE: not answered, or
 * another exchange is open. */
int oh_call_hold(struct oh_call *c, bool hold);
/** re-INVITE with other codecs, or without SDP when codecs is NULL. As oh_call_hold; OH_ERR_SYNTAX (codecs). */
int oh_call_reoffer(struct oh_call *c, const char *codecs);
/**
 * Send the far end to a number or URI (blind transfer, REFER). OH_CALL_TRANSFER tells how it goes. OH_ERR_STATE: not
 * answered, or a transfer is on its way; EINVAL (nobody), ENOMEM.
 */
int oh_call_transfer(struct oh_call *c, const char *to);
/** Join the far ends of two calls (attended transfer, REFER with Replaces); `other` may still ring there. As
 * oh_call_transfer(); both calls are ended by the far end. */
int oh_call_transfer_to(struct oh_call *c, struct oh_call *other);
/** Within OH_CALL_REFERRED: make the call that is asked for. `c` goes on until somebody hangs up. As oh_call_start().
 */
int oh_call_follow(struct oh_call *c, struct oh_call **np, const struct oh_call_options *o);
/** How digits go. */
enum oh_dtmf_way {
	OH_DTMF_AUTO,  /**< telephone-event if the far end takes it, else INFO if it says so, else in the sound */
	OH_DTMF_EVENT, /**< RFC 4733 */
	OH_DTMF_INFO,  /**< SIP INFO, application/dtmf-relay */
	OH_DTMF_SOUND  /**< tones in place of what else is sent */
};
/** Send digits ("0-9*#A-D"), 100 ms each. OH_ERR_STATE (no sound yet; INFO: not answered), ENOTSUP (the far end takes
 * none so), EINVAL (not digits, or too many), ENOMEM. */
int oh_call_dtmf_by(struct oh_call *c, const char *digits, enum oh_dtmf_way way);
/** The same by OH_DTMF_AUTO. */
int oh_call_dtmf(struct oh_call *c, const char *digits);
/** Change what is sent: file or tone of the options; the others are not looked at. ENOENT, OH_ERR_SYNTAX (file): goes
 * on as before. */
int oh_call_play(struct oh_call *c, const struct oh_call_options *o);

/** Figures of a call's sound. */
struct oh_call_stats {
	uint64_t sent, received, lost;
	uint32_t jitter_us, rtt_us;
	double mos; /**< 1.0-4.5, 0: unknown */
	char codec[16];
	bool encrypted; /**< both ways, by SRTP */
	uint64_t video_received;
};
void oh_call_get_stats(const struct oh_call *c, struct oh_call_stats *st);
/** Share 0-1 of the energy of the last `ms` (60,000 at most) of received sound that lies at `hz`; 0 without sound.
 * Needs `record`. */
double oh_call_heard(const struct oh_call *c, unsigned hz, uint32_t ms);
/** Write received sound to a WAV file: the last ten minutes. Needs `record` (OH_ERR_STATE). Or what the system says. */
int oh_call_save(const struct oh_call *c, const char *path);
/** SIP Call-ID; valid while the call lives. */
const char *oh_call_id(const struct oh_call *c);
/** Application's own pointer. */
void oh_call_set_user(struct oh_call *c, void *user);
void *oh_call_user(const struct oh_call *c);

#ifdef __cplusplus
}
#endif

#endif
