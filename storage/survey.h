/* survey - counts the hosts of a settled list, and keeps the largest. */
#ifndef STORAGE_SURVEY_H
#define STORAGE_SURVEY_H

#include "storage/seeds.h"

/* Uses up the tasks of |seeds|. Fails as seeds_next_task. */
MUST_USE enum err survey_take(struct seeds *seeds, struct survey *ret_survey);

#endif
