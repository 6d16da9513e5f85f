/* second: what is looked at once a second.  Engine process. */
#ifndef ENGINE_SECOND_H
#define ENGINE_SECOND_H

struct engine;

void second_passed(struct engine *);

#endif
