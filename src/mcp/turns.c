/* SPDX-License-Identifier: Apache-2.0 */
/* turns.c - only so many runs at once. */
#include "mcp/turns.h"

#include <stddef.h>

void turns_init(struct turns *turns, unsigned most)
{
    *turns = (struct turns){ .most = most ? most : 1 };
    turns->end = &turns->first;
}

bool turn_ask(struct turns *turns, struct turn *turn)
{
    if (turns->taken < turns->most) {
        turns->taken++;
        turn->taken = true;
        return true;
    }
    turn->next = NULL;
    turn->link = turns->end;
    *turns->end = turn;
    turns->end = &turn->next;
    return false;
}

static void unlink_turn(struct turns *turns, struct turn *turn)
{
    *turn->link = turn->next;
    if (turn->next)
        turn->next->link = turn->link;
    else
        turns->end = turn->link;
    turn->link = NULL;
}

unsigned turn_position(const struct turns *turns, const struct turn *turn)
{
    unsigned position = 0;
    if (!turn->link)
        return 0;
    for (const struct turn *at = turns->first; at; at = at->next) {
        position++;
        if (at == turn)
            break;
    }
    return position;
}

void turn_leave(struct turns *turns, struct turn *turn)
{
    if (turn->link)
        unlink_turn(turns, turn);
    if (!turn->taken)
        return;
    turn->taken = false;
    turns->taken--;
    struct turn *next = turns->first;
    if (!next)
        return;
    unlink_turn(turns, next);
    next->taken = true;
    turns->taken++;
    next->go(next);
}
