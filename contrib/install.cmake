# What `cmake --install` puts besides the program, and the Debian package (`cpack -G DEB`).
set(data ${CMAKE_INSTALL_DATADIR}/tlsa-update)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/tlsa-update)

foreach(section 1 5 7)
  file(GLOB pages ${PROJECT_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES contrib/completions/tlsa-update.bash RENAME tlsa-update
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES contrib/completions/_tlsa-update DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES contrib/completions/tlsa-update.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(FILES contrib/systemd/tlsa-update.service contrib/systemd/tlsa-update.timer
  contrib/systemd/tlsa-update-reload@.path contrib/systemd/tlsa-update-reload@.service
  DESTINATION lib/systemd/system)
install(FILES contrib/systemd/tlsa-update.sysusers RENAME tlsa-update.conf DESTINATION lib/sysusers.d)
install(FILES contrib/systemd/tlsa-update.tmpfiles RENAME tlsa-update.conf DESTINATION lib/tmpfiles.d)

# Whoever checked it out, with whatever umask.
set(may_run OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(DIRECTORY contrib/hooks DESTINATION ${data} FILE_PERMISSIONS ${may_run})
install(DIRECTORY contrib/examples contrib/monitoring DESTINATION ${doc})
install(PROGRAMS contrib/examples/bring-files contrib/examples/receive-files DESTINATION ${doc}/examples)
# README.md is for who has the sources.
foreach(page contrib/packaging/README.Debian SECURITY.md CHANGELOG.md)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${page})
    install(FILES ${page} DESTINATION ${doc})
  endif()
endforeach()
install(FILES LICENSE RENAME copyright DESTINATION ${doc})
# The program reads /etc; below another prefix than /usr a configuration is only an example of where it would be.
install(CODE "
  string(REGEX REPLACE \"^/usr$\" \"\" root \"\${CMAKE_INSTALL_PREFIX}\")
  file(INSTALL \"${PROJECT_SOURCE_DIR}/contrib/examples/tlsa-update.conf\" DESTINATION \"\${root}/etc/tlsa-update\")")

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/packaging/commit-time.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/packaging/compress.cmake)
set(CPACK_PACKAGE_CONTACT "The maintainers of tlsa-update") # who have no address: see SECURITY.md
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libunbound8) # --trust-anchor loads it when it is asked for
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bind9 | knot, certbot | dehydrated | lego")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Computes TLSA records of certificates and keys, adds them to a DNSSEC-signing
primary by TSIG-signed updates before a certificate is deployed, tells when
that may be, and deletes the stale records after.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/packaging/conffiles ${CMAKE_CURRENT_LIST_DIR}/packaging/postinst
  ${CMAKE_CURRENT_LIST_DIR}/packaging/prerm ${CMAKE_CURRENT_LIST_DIR}/packaging/postrm)
include(CPack)
