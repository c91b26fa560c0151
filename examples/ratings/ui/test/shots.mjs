// Pictures of the pages: node test/shots.mjs [--url http://127.0.0.1:8080] [--out shots] [--wait 6]
import { takeShots } from '../../../../web/tools/shots.mjs';
import { startMock } from '../dev/mock.mjs';

await takeShots(startMock, { desk: '/ui/', customer: '/ui/customer/1', segment: '/ui/segment/platinum' });
