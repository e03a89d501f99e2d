# Every file of the package has the time of the commit, so that a commit gives the same package wherever and whenever
# it is built. `git archive` writes the time into the next line; in a checkout git knows it.
set(time "$Format:%ct$")
if(NOT time MATCHES "^[0-9]+$")
  execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR} OUTPUT_VARIABLE time
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(time MATCHES "^[0-9]+$" AND NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  set(ENV{SOURCE_DATE_EPOCH} ${time})
endif()
