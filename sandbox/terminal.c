/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cordon/own.h>

#include "fd.h"

static void let_go(int *fd)
{
    own_close(fd);
    *fd = -1;
}

static int set_modes(int follower)
{
    struct termios modes;
    if (tcgetattr(follower, &modes) < 0)
        return -1;
    modes.c_iflag |= IUTF8; /* or the erase key leaves half a character behind */
    return tcsetattr(follower, TCSANOW, &modes);
}

int terminal_make(struct screen size)
{
    static const int locked = 0;
    const struct winsize window = { .ws_row = size.rows, .ws_col = size.columns };
    autoclose int leader = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (leader < 0 || ioctl(leader, TIOCSPTLCK, &locked) < 0 ||
        ioctl(leader, TIOCSWINSZ, &window) < 0)
        return -1;
    autoclose int follower = ioctl(leader, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (follower < 0 || set_modes(follower) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        if (dup2(follower, i) < 0)
            return -1;
    return fd_take(&leader);
}

int terminal_begin(struct terminal *terminal, int keys, int screen, struct error *err)
{
    terminal->leader = -1;
    terminal->keys = keys;
    terminal->screen = screen;
    terminal->in.at = terminal->in.len = 0;
    terminal->out.at = terminal->out.len = 0;
    /* Both descriptions are ours alone: the other ends are others. */
    int r = keys >= 0 ? fd_nonblocking(keys, err) : 0;
    return r == 0 ? fd_nonblocking(screen, err) : r;
}

void terminal_attach(struct terminal *terminal, int leader)
{
    own_close(&terminal->leader);
    terminal->leader = leader;
}

void terminal_resize(const struct terminal *terminal, struct screen size)
{
    const struct winsize window = { .ws_row = size.rows, .ws_col = size.columns };
    /* The kernel tells whoever is in the foreground there (SIGWINCH). */
    if (terminal->leader >= 0)
        (void)ioctl(terminal->leader, TIOCSWINSZ, &window);
}

static bool is_empty(const struct terminal_way *way)
{
    return way->at == way->len;
}

void terminal_watch(const struct terminal *terminal, struct pollfd fds[TERMINAL_WATCHED])
{
    const struct terminal *t = terminal;
    bool more_in = !is_empty(&t->in), more_out = !is_empty(&t->out);
    short leader = (short)((more_in ? POLLOUT : 0) | (!more_out && t->screen >= 0 ? POLLIN : 0));
    /* One that nothing is wanted of is left out: its end would be told without end. */
    fds[TERMINAL_LEADER] = (struct pollfd){ .fd = leader ? t->leader : -1, .events = leader };
    fds[TERMINAL_KEYS] =
        (struct pollfd){ .fd = more_in || t->leader < 0 ? -1 : t->keys, .events = POLLIN };
    fds[TERMINAL_SCREEN] = (struct pollfd){ .fd = more_out ? t->screen : -1, .events = POLLOUT };
}

/* False at the end of what is read from. */
static bool fill(struct terminal_way *way, int fd)
{
    ssize_t n = read(fd, way->bytes, sizeof(way->bytes));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0)
        return false; /* of a leader that is EIO: nobody has the follower any more */
    way->at = 0;
    way->len = (size_t)n;
    return true;
}

/* False when nobody takes it any more; then it is forgotten. */
static bool empty(struct terminal_way *way, int fd)
{
    ssize_t n = write(fd, way->bytes + way->at, way->len - way->at);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    way->at = n < 0 ? way->len : way->at + (size_t)n;
    return n >= 0;
}

void terminal_pump(struct terminal *terminal, const struct pollfd fds[TERMINAL_WATCHED])
{
    struct terminal *t = terminal;
    short leader = fds[TERMINAL_LEADER].revents;
    if (fds[TERMINAL_KEYS].revents && !fill(&t->in, t->keys))
        let_go(&t->keys);
    if (leader && !is_empty(&t->in) && !empty(&t->in, t->leader))
        let_go(&t->keys);
    if (leader & (POLLIN | POLLHUP | POLLERR) && is_empty(&t->out) && !fill(&t->out, t->leader))
        let_go(&t->leader);
    if (!is_empty(&t->out) && !empty(&t->out, t->screen))
        let_go(&t->screen);
}

void terminal_end(struct terminal *terminal)
{
    let_go(&terminal->keys);
    terminal->in.at = terminal->in.len = 0;
    while (terminal->screen >= 0 && (terminal->leader >= 0 || !is_empty(&terminal->out))) {
        struct pollfd fds[TERMINAL_WATCHED];
        terminal_watch(terminal, fds);
        if (poll(fds, TERMINAL_WATCHED, -1) > 0)
            terminal_pump(terminal, fds);
    }
    let_go(&terminal->screen);
    let_go(&terminal->leader);
}
