/*
 * dialog_priv.h - what the files of the dialog share with each other.
 */
#ifndef OFFHOOK_SIP_DIALOG_PRIV_H
#define OFFHOOK_SIP_DIALOG_PRIV_H

#include "sip/dialog.h"

/** Change one text. ENOMEM. */
int dialog_set_text(struct dialog *d, enum dialog_text t, struct slice s) MUST_CHECK;
/** User-Agent or Server of a message, or empty. */
struct slice dialog_software(const struct sip_msg *msg);
/** URI of the first Contact; ERR_SYNTAX when there is none or it is broken. */
int dialog_contact(struct slice *uri, const struct sip_msg *msg) MUST_CHECK;
/** Route set from Record-Route, in the order of the message or reversed (RFC 3261 12.1.1, 12.1.2), header parameters
 * left out. */
int dialog_enc_route_set(struct buf *b, const struct sip_msg *msg, bool reverse) MUST_CHECK;
/** URI of the first route, or empty; `rest` gets the others as a list. */
struct slice dialog_first_route(const struct dialog *d, struct slice *rest);
/** New destination; the flow is held, the old one released. */
void dialog_set_dest(struct dialog *d, const struct sip_dest *nd);
/** Work out the destination anew after `msg` (12.2.1.1 and the rules for NATed peers at the head of dialog_target.c).
 */
void dialog_set_dest_from(struct dialog *d, const struct sip_msg *msg);

#endif
