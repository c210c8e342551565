/*
 * event_priv.h - what the files of the event bus share: events that are kept, subscriptions, the index by extension.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_EVENT_PRIV_H
#define OFFHOOK_PBX_EVENT_PRIV_H

#include "base/hash.h"
#include "pbx/event.h"

enum {
	EVENT_KEPT_MAX = 4096,
	EVENT_KEPT_BYTES = 4 << 20,
	EVENT_FLEETING_MAX = 16384, /**< quality of so many calls between two batches */
	EVENT_SUBS_MAX = 20000,
	EVENT_PENDING = 16,        /**< of one extension between two batches; beyond all are looked through */
	EVENT_PORTION = 256 << 10, /**< bytes of a batch */
	EVENT_BATCH_MS = 50,       /**< between two batches */
	EVENT_BATCH_ALL_MS = 100,  /**< the same for who sees everything */
	EVENT_LINGER_MS = 60000,   /**< nobody listens, yet who was cut off may come back */
	EVENT_SWEEP_MS = 10000,    /**< who hears nothing is told the number now and then */
	EVENT_QUALITY_MS = 1000,
	EVENT_SYSTEM_MS = 2000
};
/** Topics whose events are of no use later. */
#define EVENT_FLEETING (1u << EVENT_QUALITY | 1u << EVENT_SYSTEM)

/** One event. Referenced by its list and by what is about to be handed over. */
struct event_kept {
	struct link le;   /**< in event_bus.kept or .fleeting, by number */
	struct hlink obj; /**< in event_bus.objects */
	uint64_t seq;
	uint8_t topic;
	uint8_t next; /**< extensions */
	uint16_t keylen;
	uint32_t textlen;
	struct rbuf *guest; /**< the text for guests; NULL: the same */
	char mem[];         /**< text, key, extensions one after the other, each terminated */
};

/** Subscribers of one extension. */
struct event_ext {
	struct hlink le; /**< in event_bus.exts */
	struct link due; /**< in event_bus.due */
	struct event_bus *bus;
	struct list subs;
	struct event_kept *pending[EVENT_PENDING]; /**< during a hand-over; referenced */
	size_t npending;                           /**< EVENT_PENDING + 1: too many */
	char number[];
};

struct event_sub {
	struct link le; /**< in event_ext.subs or event_bus.all */
	struct event_bus *bus;
	struct event_ext *ext; /**< NULL: sees everything */
	uint32_t topics;
	bool guest;
	uint64_t at;   /**< has all up to this number */
	uint64_t told; /**< number in the last text it was given */
	bool behind;   /**< goes on where it was: what it missed comes in portions */
	bool lost;     /**< must be told to read anew */
	event_batch_h *h;
	void *arg;
};

/** A text that others may want, too. */
struct event_text {
	uint32_t topics;
	bool guest;
	uint64_t from, to;
	struct rbuf *text; /**< NULL: nothing for them */
};
enum { EVENT_TEXTS = 4 };

struct event_bus {
	struct pbx *pbx;
	uint64_t seq;                /**< of the last event */
	uint64_t flushed;            /**< handed over to subscribers of extensions up to here */
	uint64_t gone;               /**< events up to here may be forgotten */
	uint64_t gap[EVENT_TOPICS];  /**< of a topic: the same, because nobody listened or memory was out */
	uint32_t subs[EVENT_TOPICS]; /**< who wants it */
	uint32_t wanted, lingering;  /**< topics */
	bool shout;                  /**< everybody must be looked at */
	size_t nsubs, nguests;
	struct list kept, fleeting;
	size_t bytes;
	struct hash objects; /**< newest event of each object */
	struct hash exts;
	struct list due; /**< struct event_ext: there is something for its subscribers */
	struct list all; /**< struct event_sub */
	struct timer flush, linger, quality, system;
	uint64_t all_ms, sweep_ms; /**< last time */
	struct event_text text[EVENT_TEXTS];
	struct list dirty;       /**< struct pbx_call: changed since the last batch */
	struct event_load *load; /**< figures of the last look at the system */
};

/* event_batch.c */
/** Hand over what is new; timer of the bus. */
void event_flush(void *bus);
/** There will be something to hand over. */
void event_soon(struct event_bus *b);
/** Is this event about that extension? */
bool event_is_about(const struct event_kept *e, const char *number);
/** Forget an event. */
void event_forget(struct event_bus *b, struct event_kept *e);

/* event_call.c */
/** Publish the calls that have changed. */
void event_calls(struct event_bus *b);
/** Publish how a call sounds; `arg`: the pbx. */
void event_quality_of(struct call *c, void *arg);

/* event_watch.c */
/** Quality and load are looked at while somebody wants them. */
void event_watch(struct event_bus *b);
void event_watch_stop(struct event_bus *b);

#endif
