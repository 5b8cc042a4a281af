/* SPDX-License-Identifier: Apache-2.0 */
/* egress_main.c - the life of an egress process. */
#include <errno.h>
#include <event2/util.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "egress.h"
#include "egress_parts.h"
#include "fd.h"

#define RESOLV_CONF "/etc/resolv.conf"

static void send_message(const struct str *message)
{
    struct error ignored;
    (void)!socket_send(EGRESS_FD, message->data, message->len, NULL, 0, &ignored);
}

static void quiet(int is_warning, const char *text)
{
    (void)is_warning; /* standard error is /dev/null; failures are in answers */
    (void)text;
}

static int receive_order(struct egress_order *ret, struct error *err)
{
    autofree char *message = xcalloc(1, EGRESS_MESSAGE_MAX);
    size_t none = 0;
    ssize_t n = socket_receive(EGRESS_FD, message, EGRESS_MESSAGE_MAX, NULL, 0, &none, err);
    return n < 0 ? (int)n : egress_order_decode(message, (size_t)n, ret, err);
}

/* evdns asks name servers itself: no name service module is loaded, and what it
 * reads from files is read here, once. */
static int open_resolver(struct proxy *proxy, struct error *err)
{
    static const char *const options[][2] = {
        { "timeout:", "3" },
        { "attempts:", "3" },
        { "getaddrinfo-allow-skew:", "1" }, /* seconds for the other family, once one is there */
        { "edns-udp-size:", "1232" },       /* libevent 2.2: longer answers; older ignore it */
    };
    evdns_set_log_fn(quiet);
    if (evutil_secure_rng_init() < 0)
        return fail_host_as(err, EIO, "no random numbers");
    proxy->dns = evdns_base_new(proxy->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!proxy->dns)
        return fail_host_as(err, ENOMEM, "make a resolver");
    /* Without the file there is no name server, and addresses still work. */
    (void)evdns_base_resolv_conf_parse(proxy->dns, DNS_OPTIONS_ALL, RESOLV_CONF);
    for (size_t i = 0; i < COUNT(options); i++)
        (void)evdns_base_set_option(proxy->dns, options[i][0], options[i][1]);
    return 0;
}

/* --- what comes from the supervisor, and from the box ----------------------------------- */

static void leave(struct proxy *proxy)
{
    autostr struct str message = { 0 };
    egress_denied_encode(&proxy->told, &message);
    send_message(&message);
    _exit(0); /* the sockets with it: nothing of the box's namespace is held any longer */
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int len, void *context)
{
    (void)listener;
    (void)from;
    (void)len;
    connection_open(context, fd);
}

static void on_accept_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct proxy *proxy = context;
    if (proxy->connections < CONNECTIONS_MAX)
        (void)evconnlistener_enable(proxy->listener);
}

static void on_accept_error(struct evconnlistener *listener, void *context)
{
    /* The host is out of something: asking again at once would be all we do. */
    const struct timeval soon = { .tv_sec = 1 };
    struct proxy *proxy = context;
    (void)evconnlistener_disable(listener);
    (void)event_base_once(proxy->base, -1, EV_TIMEOUT, on_accept_again, proxy, &soon);
}

static void take_listener(struct proxy *proxy, int fd)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    proxy->listener = evconnlistener_new(proxy->base, on_accept, proxy, flags, 0, fd);
    if (!proxy->listener)
        _exit(1);
    evconnlistener_set_error_cb(proxy->listener, on_accept_error);
}

static void on_supervisor(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct proxy *proxy = context;
    struct error ignored;
    char kind = 0;
    int listener = -1;
    size_t count = 0;
    ssize_t n = socket_receive(fd, &kind, 1, &listener, 1, &count, &ignored);
    if (n == 1 && kind == EGRESS_LISTENER && count == 1 && !proxy->listener)
        take_listener(proxy, listener);
    else if (n <= 0)
        leave(proxy);
}

/* --- from start to end ------------------------------------------------------------------- */

static int begin(struct proxy *proxy, struct error *err)
{
    int r = receive_order(&proxy->order, err);
    if (r < 0)
        return r;
    proxy->base = event_base_new();
    if (!proxy->base)
        return fail_host_as(err, ENOMEM, "make an event loop");
    r = attached_read(&proxy->attached);
    if (r < 0)
        return fail_host_as(err, -r, "list this host's addresses: %s", strerror(-r));
    r = open_resolver(proxy, err);
    if (r < 0)
        return r;
    proxy->supervisor =
        event_new(proxy->base, EGRESS_FD, EV_READ | EV_PERSIST, on_supervisor, proxy);
    if (!proxy->supervisor || event_add(proxy->supervisor, NULL) < 0)
        return fail_host_as(err, ENOMEM, "watch the supervisor");
    return egress_cage(proxy->order.cpu_ms) < 0 ? fail_host(err, "close the cage") : 0;
}

int egress_main(void)
{
    static struct proxy proxy;
    struct error err = { 0 };
    autostr struct str message = { 0 };
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (begin(&proxy, &err) < 0) {
        egress_fault_encode(&err, &message);
        send_message(&message);
        return 1;
    }
    str_putc(&message, EGRESS_READY);
    send_message(&message);
    (void)event_base_dispatch(proxy.base);
    return 1;
}
