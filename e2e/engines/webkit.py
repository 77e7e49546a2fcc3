"""Shows pages in WebKitGTK, on a screen of its own, and does with them what it is told.

The argument is the folder of the profile. Each line of stdin is a command and each line of stdout an answer, both JSON with
the same "id"; the first line says that it is ready. It ends, with all its processes, when stdin does.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")

PR_SET_PDEATHSIG = 1


def start_screen():
    """An X server that dies with this process, however that ends: a test may kill it."""
    libc = ctypes.CDLL(None)
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "800x600x24", "-nolisten", "tcp", "-ac"],
        pass_fds=[theirs],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    os.close(theirs)
    with os.fdopen(ours) as numbers:
        os.environ["DISPLAY"] = ":" + numbers.readline().strip()
    return server


screen = start_screen()

# Only now is there a screen, and they look for one when they are loaded.
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

profile = sys.argv[1]
manager = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(profile, "data"),
    base_cache_directory=os.path.join(profile, "cache"),
)
manager.set_network_proxy_settings(WebKit2.NetworkProxyMode.NO_PROXY, None)
context = WebKit2.WebContext.new_with_website_data_manager(manager)
tabs = {}


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Tab:
    def __init__(self):
        self.view = WebKit2.WebView.new_with_context(context)
        self.window = Gtk.Window()
        self.window.set_default_size(400, 300)
        self.window.add(self.view)
        self.window.show_all()

    def when_loaded(self, answer):
        problems = []

        def failed(_view, _event, uri, error):
            problems.append(f"{uri}: {error.message}")
            return True

        def changed(view, event):
            if event == WebKit2.LoadEvent.FINISHED:
                view.disconnect(on_failed)
                view.disconnect(on_changed)
                answer(error=problems[0]) if problems else answer()

        on_failed = self.view.connect("load-failed", failed)
        on_changed = self.view.connect("load-changed", changed)

    def open(self, command, answer):
        self.when_loaded(answer)
        self.view.load_uri(command["url"])

    def reload(self, _command, answer):
        self.when_loaded(answer)
        self.view.reload()

    def run(self, command, answer):
        def done(view, result):
            try:
                value = view.call_async_javascript_function_finish(result)
                answer(value.to_string())
            except GLib.Error as error:
                answer(error=error.message)

        self.view.call_async_javascript_function(command["body"], -1, None, None, None, None, done)

    def crash(self, _command, answer):
        def terminated(view, _reason):
            view.disconnect(on_terminated)
            answer()

        on_terminated = self.view.connect("web-process-terminated", terminated)
        self.view.terminate_web_process()

    def close(self, _command, answer):
        self.window.destroy()
        answer()


def handle(command):
    def answer(value=None, error=None):
        say({"id": command["id"], "value": value} if error is None else {"id": command["id"], "error": error})

    try:
        name = command["tab"]
        if command["do"] == "open":
            tabs[name] = Tab()
        tab = tabs.pop(name) if command["do"] == "close" else tabs[name]
        getattr(tab, command["do"])(command, answer)
    except Exception as error:
        answer(error=repr(error))


def listen():
    for line in sys.stdin:
        GLib.idle_add(handle, json.loads(line))
    GLib.idle_add(Gtk.main_quit)


say("ready")
threading.Thread(target=listen, daemon=True).start()
Gtk.main()
screen.terminate()
screen.wait()
