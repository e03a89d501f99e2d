# Debian policy 12.1 and 12.7: manual pages and the changelog are compressed.
set(share "${CPACK_TEMPORARY_DIRECTORY}/usr/share")
file(GLOB pages "${share}/man/man*/*")
file(RENAME "${share}/doc/tlsa-update/CHANGELOG.md" "${share}/doc/tlsa-update/changelog")
execute_process(COMMAND gzip -9n ${pages} "${share}/doc/tlsa-update/changelog" COMMAND_ERROR_IS_FATAL ANY)

# Folders as any umask would not make them.
execute_process(COMMAND find "${CPACK_TEMPORARY_DIRECTORY}" -type d -exec chmod 0755 {} + COMMAND_ERROR_IS_FATAL ANY)
