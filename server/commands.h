/* commands - the subcommands of crawld. Each gets the words after its name (ending
 * with NULL) and returns the exit status; 2: wrong usage, said in one line.
 */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

enum { EXIT_USAGE = 2 };

int cmd_serve(char *const *argv);
int cmd_links(char *const *argv);
int cmd_url(char *const *argv);
int cmd_health(char *const *argv);
int cmd_backup(char *const *argv);

#endif
