// Where nobody is logged in, no home that was being fitted stays on this phone.
if ("caches" in window) caches.delete("nightlight-fitting");
