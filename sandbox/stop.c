/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - what is in the control pipe once there is no box any more. */
#include "stop.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cordon/launch.h>

#include "clock.h"

#define ASK_NS (5 * NS_PER_MS)

static const int stopping[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

static bool ends(int control)
{
    unsigned char order = 0, number = 0;
    struct screen size;
    if (read(control, &order, 1) != 1)
        return true;
    if (order == CONTROL_SCREEN)
        return read(control, &size, sizeof(size)) != (ssize_t)sizeof(size);
    if (order != CONTROL_SIGNAL)
        return order == CONTROL_KILL;
    bool known = read(control, &number, 1) != 1;
    for (size_t i = 0; i < sizeof(stopping) / sizeof(*stopping); i++)
        known = known || number == stopping[i];
    return known;
}

bool stop_wanted(struct stop *stop)
{
    uint64_t now = now_ns();
    if (stop->wanted || stop->control < 0 || now < stop->next_ns)
        return stop->wanted;
    stop->next_ns = now + ASK_NS;
    struct pollfd pipe = { .fd = stop->control, .events = POLLIN };
    while (!stop->wanted && poll(&pipe, 1, 0) > 0)
        stop->wanted = (pipe.revents & (POLLHUP | POLLERR)) || ends(stop->control);
    return stop->wanted;
}
