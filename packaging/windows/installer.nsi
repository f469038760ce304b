; The installer: for the current user, without an administrator's rights.
;
; makensis -DVERSION=1.2.3 -DSOURCE=folder -DICON=file.ico -DOUTPUT=setup.exe -DSIZE_KB=n
;     [-DFAST] [-DSIGN="command that signs the file named behind it"] installer.nsi
;
; Silent: setup.exe /S [/PATH=1] [/D=folder]        uninstall.exe /S [/SETTINGS=1]
; Exit status: 0 done, 1 cancelled, 2 nothing was changed (the reason is shown, or printed by /S).

Target amd64-unicode
Unicode true
ManifestDPIAware true
ManifestLongPathAware true
ManifestSupportedOS Win10
RequestExecutionLevel user
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
!endif
SetDateSave on
AllowSkipFiles off
CRCCheck force

!include "MUI2.nsh"
!include "LogicLib.nsh"
!include "FileFunc.nsh"
!include "WinVer.nsh"
!include "x64.nsh"

Name "mailsetup"
OutFile "${OUTPUT}"
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
  !finalize '${SIGN} "%1"' = 0
!endif
InstallDir "$LOCALAPPDATA\Programs\mailsetup"
InstallDirRegKey HKCU "Software\mailsetup" "InstallDir"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "mailsetup"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "mailsetup"
VIAddVersionKey "LegalCopyright" "MIT"

!define CLASSES "Software\Classes"
!define APP_PATHS "Software\Microsoft\Windows\CurrentVersion\App Paths"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\mailsetup"
!define NEW "$INSTDIR.new"
!define OLD "$INSTDIR.old"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_RUN "$INSTDIR\mailsetup-window.exe"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_RESERVEFILE_LANGDLL

LangString SECTION_PROGRAM ${LANG_ENGLISH} "mailsetup"
LangString SECTION_PROGRAM ${LANG_SPANISH} "mailsetup"
LangString SECTION_PATH ${LANG_ENGLISH} "Command line: find “mailsetup” in every terminal"
LangString SECTION_PATH ${LANG_SPANISH} "Línea de comandos: encontrar «mailsetup» en cualquier terminal"
LangString SECTION_SETTINGS ${LANG_ENGLISH} "Also delete my settings of mailsetup"
LangString SECTION_SETTINGS ${LANG_SPANISH} "Borrar también mis ajustes de mailsetup"
LangString FILE_TYPE ${LANG_ENGLISH} "Mail settings"
LangString FILE_TYPE ${LANG_SPANISH} "Ajustes de correo"
LangString TOO_OLD ${LANG_ENGLISH} "mailsetup needs Windows 10 (version 1809) or later, 64 bits. Nothing was installed."
LangString TOO_OLD ${LANG_SPANISH} "mailsetup necesita Windows 10 (versión 1809) o posterior, de 64 bits. No se ha instalado nada."
LangString IS_RUNNING ${LANG_ENGLISH} "mailsetup is open. Close it, then click Retry."
LangString IS_RUNNING ${LANG_SPANISH} "mailsetup está abierto. Ciérrelo y pulse Reintentar."
LangString NO_SPACE ${LANG_ENGLISH} "There is not enough free space on this disk: mailsetup needs 250 MB. Free some space and start again. Nothing was installed."
LangString NO_SPACE ${LANG_SPANISH} "No hay espacio suficiente en este disco: mailsetup necesita 250 MB. Libere espacio y vuelva a empezar. No se ha instalado nada."
LangString NOT_WRITABLE ${LANG_ENGLISH} "This folder cannot be written to: $INSTDIR. Nothing was installed."
LangString NOT_WRITABLE ${LANG_SPANISH} "No se puede escribir en esta carpeta: $INSTDIR. No se ha instalado nada."
LangString FOREIGN_FOLDER ${LANG_ENGLISH} "The folder $INSTDIR holds other files. Choose an empty one. Nothing was installed."
LangString FOREIGN_FOLDER ${LANG_SPANISH} "La carpeta $INSTDIR contiene otros archivos. Elija una vacía. No se ha instalado nada."

; Ends with status 2: where nobody is there to read a message, the status tells it.
!macro Refuse text
  ${IfNot} ${Silent}
    MessageBox MB_OK|MB_ICONSTOP "${text}"
  ${EndIf}
  SetErrorLevel 2
  Quit
!macroend

; A program that runs keeps its file from being opened for writing.
!macro WaitUntilClosed un
  Function ${un}WaitUntilClosed
    check:
    StrCpy $2 ""
    ${If} ${FileExists} "$INSTDIR\python.exe"
      ClearErrors
      FileOpen $0 "$INSTDIR\python.exe" a
      ${If} ${Errors}
        StrCpy $2 "running"
      ${Else}
        FileClose $0
      ${EndIf}
      ClearErrors
      FileOpen $0 "$INSTDIR\pythonw.exe" a
      ${If} ${Errors}
        StrCpy $2 "running"
      ${Else}
        FileClose $0
      ${EndIf}
    ${EndIf}
    ${If} $2 != ""
      ${IfNot} ${Silent}
        MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(IS_RUNNING)" IDRETRY check
      ${EndIf}
      SetErrorLevel 2
      Quit
    ${EndIf}
  FunctionEnd
!macroend
!insertmacro WaitUntilClosed ""
!insertmacro WaitUntilClosed "un."

Section "$(SECTION_PROGRAM)" PROGRAM
  SectionIn RO
  Call WaitUntilClosed
  ; Never take the place of a folder that is not ours.
  ${If} ${FileExists} "$INSTDIR\*.*"
  ${AndIfNot} ${FileExists} "$INSTDIR\mailsetup-window.exe"
    ${DirState} "$INSTDIR" $0
    ${If} $0 = 1
      !insertmacro Refuse "$(FOREIGN_FOLDER)"
    ${EndIf}
  ${EndIf}
  ${GetRoot} "$INSTDIR" $0
  ${DriveSpace} "$0\" "/D=F /S=M" $1
  ${If} $1 < 250
    !insertmacro Refuse "$(NO_SPACE)"
  ${EndIf}
  RMDir /r "${NEW}"
  ClearErrors
  CreateDirectory "${NEW}"
  FileOpen $0 "${NEW}\write-test" w
  ${If} ${Errors}
    RMDir "${NEW}"
    !insertmacro Refuse "$(NOT_WRITABLE)"
  ${EndIf}
  FileClose $0
  Delete "${NEW}\write-test"
  ; Next to the old version, which stays whole until the new one is.
  SetOutPath "${NEW}"
  File /r "${SOURCE}\*"
  SetOutPath "$TEMP"
  RMDir /r "${OLD}"
  ClearErrors
  ${If} ${FileExists} "$INSTDIR\mailsetup-window.exe"
    Rename "$INSTDIR" "${OLD}"
  ${Else}
    RMDir "$INSTDIR"
  ${EndIf}
  ClearErrors
  Rename "${NEW}" "$INSTDIR"
  ${If} ${Errors}
    Rename "${OLD}" "$INSTDIR"
    RMDir /r "${NEW}"
    !insertmacro Refuse "$(NOT_WRITABLE)"
  ${EndIf}
  RMDir /r "${OLD}"
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\mailsetup.lnk" "$INSTDIR\mailsetup-window.exe" "" "$INSTDIR\mailsetup.ico"
  WriteRegStr HKCU "Software\mailsetup" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${APP_PATHS}\mailsetup.exe" "" "$INSTDIR\mailsetup.exe"
  WriteRegStr HKCU "${APP_PATHS}\mailsetup-window.exe" "" "$INSTDIR\mailsetup-window.exe"
  WriteRegStr HKCU "${CLASSES}\.mailsetup" "" "mailsetup.settings"
  WriteRegStr HKCU "${CLASSES}\.mailsetup" "Content Type" "application/vnd.mailsetup+json"
  WriteRegStr HKCU "${CLASSES}\mailsetup.settings" "" "$(FILE_TYPE)"
  WriteRegStr HKCU "${CLASSES}\mailsetup.settings\DefaultIcon" "" "$INSTDIR\mailsetup.ico"
  WriteRegStr HKCU "${CLASSES}\mailsetup.settings\shell\open\command" "" '"$INSTDIR\mailsetup-window.exe" "%1"'
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "mailsetup"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\mailsetup.ico"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "mailsetup"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${RefreshShellIcons}
SectionEnd

Section /o "$(SECTION_PATH)" ADD_PATH
  ; Python writes it: NSIS would cut a PATH of more than 1,023 characters.
  nsExec::Exec '"$INSTDIR\python.exe" -m mailsetup.system.windows_path add "$INSTDIR"'
  Pop $0
SectionEnd

Function .onInit
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
    !insertmacro Refuse "$(TOO_OLD)"
  ${EndIf}
  ${IfNot} ${AtLeastBuild} 17763
    !insertmacro Refuse "$(TOO_OLD)"
  ${EndIf}
  ${GetParameters} $0
  ${GetOptions} $0 "/PATH=" $1
  ${If} $1 == "1"
    !insertmacro SelectSection ${ADD_PATH}
  ${EndIf}
FunctionEnd

Function .onInstFailed
  RMDir /r "${NEW}"
FunctionEnd

Section "un.mailsetup"
  SectionIn RO
  Call un.WaitUntilClosed
  nsExec::Exec '"$INSTDIR\python.exe" -m mailsetup.system.windows_path remove "$INSTDIR"'
  Pop $0
  Delete "$SMPROGRAMS\mailsetup.lnk"
  RMDir /r "$INSTDIR\Lib"
  Delete "$INSTDIR\*.*"
  RMDir "$INSTDIR"
  DeleteRegKey HKCU "${APP_PATHS}\mailsetup.exe"
  DeleteRegKey HKCU "${APP_PATHS}\mailsetup-window.exe"
  DeleteRegKey HKCU "${CLASSES}\mailsetup.settings"
  ReadRegStr $0 HKCU "${CLASSES}\.mailsetup" ""
  ${If} $0 == "mailsetup.settings"
    DeleteRegKey HKCU "${CLASSES}\.mailsetup"
  ${EndIf}
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegValue HKCU "Software\mailsetup" "InstallDir"
  DeleteRegKey /ifempty HKCU "Software\mailsetup"
  ${RefreshShellIcons}
SectionEnd

; Passwords stay in the Credential Manager of Windows, which lists them.
Section /o "un.$(SECTION_SETTINGS)" SETTINGS
  DeleteRegKey HKCU "Software\mailsetup"
  RMDir /r "$APPDATA\mailsetup"
  RMDir /r "$LOCALAPPDATA\mailsetup"
SectionEnd

Function un.onInit
  ${GetParameters} $0
  ${GetOptions} $0 "/SETTINGS=" $1
  ${If} $1 == "1"
    !insertmacro SelectSection ${SETTINGS}
  ${EndIf}
FunctionEnd
