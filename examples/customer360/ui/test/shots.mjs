// Pictures of both pages: node test/shots.mjs [--url http://127.0.0.1:8080] [--out shots] [--wait 6]
import { takeShots } from '../../../../web/tools/shots.mjs';
import { startMock } from '../dev/mock.mjs';

await takeShots(() => startMock({ rate: 60 }), { list: '/ui/', customer: '/ui/customer/42' });
