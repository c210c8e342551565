/*
 * capture.h - the last messages of all calls, in a ring of fixed size: SIP and RTCP as they went over the wire. Secrets
 * are blanked in all that leaves it; its memory is left out of core files.
 *
 * A message is found by the Call-ID of its dialog; which dialogs a call has say its legs, or its record once it has
 * ended. Messages of no call (REGISTER, OPTIONS, SUBSCRIBE, PUBLISH) are not kept.
 * Thread: loop, but for the sink: media workers tell it of RTCP; they never wait, what comes while the ring is read is
 * left out and counted. Ownership: the phone system's, until its end.
 */
#ifndef OFFHOOK_PBX_CAPTURE_H
#define OFFHOOK_PBX_CAPTURE_H

#include "base/trace.h"
#include "store/store.h"

struct call_record;
struct capture;
struct pbx;

enum {
	CAPTURE_MB_DEFAULT = 16,
	CAPTURE_MB_MAX = 4096,
	CAPTURE_TEXT_MAX = 16384, /**< bytes kept of one message */
	CAPTURE_LEGS = 16         /**< dialogs asked for at once */
};

/** New ring of `bytes`; memory is taken as it fills. ENOMEM, EINVAL (under 64 kB). */
int capture_alloc(struct capture **cp, struct loop *loop, size_t bytes) MUST_CHECK;
/** Whom SIP stack and media engine tell; valid as long as the ring. */
const struct trace_sink *capture_sink(const struct capture *c);

/** A message as it is shown. */
struct capture_msg {
	enum trace_kind kind;
	bool out, cut; /**< cut: it was longer than CAPTURE_TEXT_MAX */
	uint8_t transp;
	uint64_t us; /**< loop's */
	struct sa local, peer;
	struct slice data; /**< valid during the call-back */
	size_t leg;        /**< index of the Call-ID that was asked for */
};
/**
 * Call `fn` for the messages of these dialogs (CAPTURE_LEGS at most), in the order in which they came; `fn` must not
 * ask the ring for anything. At most `max`, the first ones. Returns false if some are missing: overwritten, more than
 * `max`, or memory is out. `since_us`: when the first dialog began, loop's us.
 */
bool capture_find(struct capture *c, const struct slice *callid, size_t n, uint64_t since_us, size_t max,
		  void (*fn)(const struct capture_msg *m, void *arg), void *arg) MUST_CHECK;

/** Capture from now on, in a ring of so many MB. ENOMEM. Before SIP stack and media engine are made. */
int pbx_capture(struct pbx *p, uint32_t mb) MUST_CHECK;
/** Whom they tell; NULL: nothing is captured. */
const struct trace_sink *pbx_trace(const struct pbx *p);

/** Answer: `res` is new, and the call-back's; or an error: ENOENT (no such call), ENOTSUP (nothing is captured). */
typedef void(capture_json_h)(int err, const char *why, json_t *res, void *arg);
/** {"legs": [...], "messages": [...], "dropped"} of a live call, or of one that has ended. `rtcp`: with RTCP. */
void pbx_call_messages(struct pbx *p, struct slice call_id, bool rtcp, capture_json_h *h, void *arg);
/** The same as a file (pcapng); `file` is valid during the call-back. */
typedef void(capture_file_h)(int err, const char *why, struct slice file, void *arg);
void pbx_call_pcap(struct pbx *p, struct slice call_id, capture_file_h *h, void *arg);

#endif
