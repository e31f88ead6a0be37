//! Windows 10 and later.

use super::access_list;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;

/// What to do about a key that others may read.
pub const HOW_TO_CLOSE: &str =
    "close it to others: icacls FILE /inheritance:r /grant:r \"%USERNAME%\":F *S-1-5-18:F *S-1-5-32-544:F";

/// A new file that only its user, the system and administrators may read and write.
pub fn create(path: &Path) -> io::Result<File> {
    call::create(&wide(path), &call::Descriptor::of(&access_list::of(&call::user()?, ""))?)
}

/// Makes a folder that only its user, the system and administrators may enter, and so what is made in it; one that is there
/// stays as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    let made = call::make_folder(&wide(path), &call::Descriptor::of(&access_list::of(&call::user()?, "OICI"))?);
    // Somebody else may have been faster.
    if path.is_dir() { Ok(()) } else { made }
}

#[expect(clippy::unnecessary_wraps, reason = "on other systems it may fail")]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether others than the user, the system and administrators may read it.
pub fn others_may_read(path: &Path) -> io::Result<bool> {
    Ok(!who_else(path)?.is_empty())
}

/// Who beside the user, the system and administrators stands in its access list.
pub fn who_else(path: &Path) -> io::Result<Vec<String>> {
    Ok(access_list::others(&call::access_list(&wide(path))?, &call::user()?))
}

/// As the system wants its texts: UTF-16 that ends with a zero.
fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// The calls of the system.
#[expect(unsafe_code, reason = "the standard library knows no access lists; each call only writes where it is told")]
mod call {
    use super::wide;
    use std::ffi::c_void;
    use std::fs::File;
    use std::io;
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
    use std::ptr::null_mut;
    use windows_sys::Win32::Foundation::{ERROR_SUCCESS, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree};
    use windows_sys::Win32::Security::Authorization::{
        ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
        ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT,
    };
    use windows_sys::Win32::Security::{
        DACL_SECURITY_INFORMATION, GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
    };
    use windows_sys::Win32::Storage::FileSystem::{
        CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ,
    };
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

    /// Memory that the system gave, and takes back.
    struct Given(*mut c_void);

    impl Drop for Given {
        fn drop(&mut self) {
            // SAFETY: it is null, or came from a call that says to free it so, once.
            unsafe { LocalFree(self.0) };
        }
    }

    impl Given {
        /// The text that it is.
        fn text(&self) -> String {
            let start = self.0.cast::<u16>();
            // SAFETY: the calls that give a text end it with a zero.
            let length = (0..).take_while(|at| unsafe { *start.add(*at) } != 0).count();
            // SAFETY: so many units are there, as was just seen.
            String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(start, length) })
        }
    }

    /// An access list as the system has it.
    pub(super) struct Descriptor(Given);

    impl Descriptor {
        pub(super) fn of(list: &str) -> io::Result<Self> {
            let (list, mut made) = (wide(list), null_mut());
            // SAFETY: the text ends with a zero; it writes one pointer.
            let is_made = unsafe {
                ConvertStringSecurityDescriptorToSecurityDescriptorW(
                    list.as_ptr(),
                    SDDL_REVISION_1,
                    &raw mut made,
                    null_mut(),
                )
            };
            done(is_made).map(|()| Self(Given(made)))
        }

        fn attributes(&self) -> SECURITY_ATTRIBUTES {
            let size = size_of::<SECURITY_ATTRIBUTES>();
            SECURITY_ATTRIBUTES {
                nLength: u32::try_from(size).unwrap_or(0),
                lpSecurityDescriptor: self.0.0,
                bInheritHandle: 0,
            }
        }
    }

    /// The id of the user of this process.
    pub(super) fn user() -> io::Result<String> {
        let mut token = null_mut();
        // SAFETY: it writes one handle.
        done(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
        // SAFETY: the handle was just opened, and is nobody else's.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        // An id has at most 68 bytes; 64 times 8 are more, and lie as a pointer wants it.
        let mut about = [0_u64; 64];
        let mut size = u32::try_from(size_of_val(&about)).unwrap_or(0);
        let place: *mut c_void = about.as_mut_ptr().cast();
        // SAFETY: it writes no more than `size` bytes into `about`, which has as many.
        done(unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, place, size, &raw mut size) })?;
        let mut text = null_mut();
        // SAFETY: `about` holds a TOKEN_USER now, whose id points into it; it writes one pointer.
        done(unsafe { ConvertSidToStringSidW((*place.cast::<TOKEN_USER>()).User.Sid, &raw mut text) })?;
        Ok(Given(text.cast()).text())
    }

    /// The access list of a file or folder.
    pub(super) fn access_list(path: &[u16]) -> io::Result<String> {
        debug_assert_eq!(path.last(), Some(&0), "the system reads up to a zero");
        let mut found = null_mut();
        // SAFETY: `path` ends with a zero; it writes one pointer where it is given a place, and leaves the others alone.
        let answer = unsafe {
            GetNamedSecurityInfoW(
                path.as_ptr(),
                SE_FILE_OBJECT,
                DACL_SECURITY_INFORMATION,
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                &raw mut found,
            )
        };
        if answer != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(answer.cast_signed()));
        }
        let (found, mut text) = (Given(found), null_mut());
        // SAFETY: `found` is what the call above gave; it writes one pointer.
        done(unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                found.0,
                SDDL_REVISION_1,
                DACL_SECURITY_INFORMATION,
                &raw mut text,
                null_mut(),
            )
        })?;
        Ok(Given(text.cast()).text())
    }

    pub(super) fn create(path: &[u16], access: &Descriptor) -> io::Result<File> {
        debug_assert_eq!(path.last(), Some(&0), "the system reads up to a zero");
        let attributes = access.attributes();
        // SAFETY: `path` ends with a zero; `attributes` and what it points to live until the call is over.
        let file = unsafe {
            CreateFileW(
                path.as_ptr(),
                GENERIC_WRITE,
                FILE_SHARE_READ,
                &raw const attributes,
                CREATE_NEW,
                FILE_ATTRIBUTE_NORMAL,
                null_mut(),
            )
        };
        if file == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just opened, and is nobody else's.
        Ok(unsafe { File::from_raw_handle(file) })
    }

    pub(super) fn make_folder(path: &[u16], access: &Descriptor) -> io::Result<()> {
        debug_assert_eq!(path.last(), Some(&0), "the system reads up to a zero");
        let attributes = access.attributes();
        // SAFETY: `path` ends with a zero; `attributes` and what it points to live until the call is over.
        done(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
    }

    fn done(is_done: i32) -> io::Result<()> {
        if is_done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
